/** What a runtime says of its memory, in bytes, by the names of its metrics without prefix and suffix. */
export const QUANTITIES = ['resident', 'heap', 'external'] as const;
export type Quantity = (typeof QUANTITIES)[number];

const METRICS: Readonly<Record<Quantity, string>> = {
  resident: 'process_resident_memory_bytes',
  heap: 'nodejs_heap_size_used_bytes',
  external: 'nodejs_external_memory_bytes',
};

/** @throws Error when the runtime does not answer, or leaves a quantity out */
export async function readMemory(metricsPort: number): Promise<Readonly<Record<Quantity, number>>> {
  const response = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
  const text = await response.text();
  const value = (quantity: Quantity): number => {
    const [, digits] = new RegExp(String.raw`^${METRICS[quantity]} (\S+)$`, 'm').exec(text) ?? [];
    if (digits === undefined) throw new Error(`the runtime's metrics have no ${METRICS[quantity]}`);
    return Number(digits);
  };
  return { resident: value('resident'), heap: value('heap'), external: value('external') };
}
