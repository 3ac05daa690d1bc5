import type { Metric, MetricObjectWithValues, MetricValue, Registry } from 'prom-client';

/**
 * Counters and histograms that are added to thousands of times a second: prom-client looks up its labels' hash each time, which took a twentieth of a small
 * prediction. Here whoever counts keeps the place to count in; prom-client only writes the text.
 */

export interface TallyOptions {
  readonly name: string;
  readonly help: string;
  readonly registry: Registry;
}

type Labels = Readonly<Record<string, string>>;

/** A number that only grows. */
export interface Tally {
  value: number;
}

/** A counter by labels. */
export class CounterTallies {
  readonly #tallies: { readonly labels: Labels; readonly tally: Tally }[] = [];

  constructor({ registry, ...options }: TallyOptions) {
    register(registry, { ...options, type: 'counter' }, () =>
      this.#tallies.map(({ labels, tally }) => ({ labels, value: tally.value })),
    );
  }

  /** A place of its own for these labels; to be asked for once. */
  add(labels: Labels = {}): Tally {
    const tally = { value: 0 };
    this.#tallies.push({ labels, tally });
    return tally;
  }
}

/** How often values were within which bounds. */
export class Distribution {
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  /** @param bounds upper bounds, rising */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] ?? 0)) index += 1;
    this.#counts[index]! += 1;
    this.#sum += value;
  }

  /** As the text format has them: each bucket holds those before it. */
  values(name: string, labels: Labels): MetricValue<string>[] {
    let count = 0;
    const buckets = Array.from(this.#counts, (more, index) => {
      count += more;
      const le = this.#bounds[index] ?? '+Inf';
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
    });
    const total = { metricName: `${name}_count`, labels, value: count };
    return [...buckets, { metricName: `${name}_sum`, labels, value: this.#sum }, total] as MetricValue<string>[];
  }
}

/** A histogram by labels. */
export class HistogramTallies {
  readonly #bounds: readonly number[];
  readonly #distributions: { readonly labels: Labels; readonly distribution: Distribution }[] = [];

  constructor({ registry, bounds, ...options }: TallyOptions & { readonly bounds: readonly number[] }) {
    this.#bounds = bounds;
    register(registry, { ...options, type: 'histogram' }, () =>
      this.#distributions.flatMap(({ labels, distribution }) => distribution.values(options.name, labels)),
    );
  }

  /** A place of its own for these labels; to be asked for once. */
  add(labels: Labels = {}): Distribution {
    const distribution = new Distribution(this.#bounds);
    this.#distributions.push({ labels, distribution });
    return distribution;
  }
}

function register(
  registry: Registry,
  facts: { readonly name: string; readonly help: string; readonly type: string },
  values: () => MetricValue<string>[],
): void {
  const read = (): Promise<MetricObjectWithValues<MetricValue<string>>> =>
    Promise.resolve({ ...facts, aggregator: 'sum', values: values() } as unknown as MetricObjectWithValues<
      MetricValue<string>
    >);
  // A registry asks no more of a metric than its name, and this.
  registry.registerMetric({ ...facts, get: read, reset: () => {} } as unknown as Metric);
}
