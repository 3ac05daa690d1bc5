/** `npm run` passes on the SIGINT that the terminal has sent to both; only a later one means that somebody lost patience. */
const IMPATIENCE_MS = 1_000;

/** Aborted by SIGTERM or SIGINT, whose name is the reason. Asked once more after a second, the process ends at once with code 1. */
export function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  let askedAtMs = 0;
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (!stopping.signal.aborted) {
        askedAtMs = performance.now();
        stopping.abort(name);
      } else if (performance.now() - askedAtMs > IMPATIENCE_MS) {
        process.exit(1);
      }
    });
  }
  return stopping.signal;
}

/** Resolves when the signal is aborted; at once when it already is. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
