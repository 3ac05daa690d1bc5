import type { Machine } from '../../machine.ts';

/** What one run of `make chaos` found; bench/results/chaos.json, from which docs/failures.md has its table. */
export interface ChaosResult {
  readonly machine: Machine;
  readonly startedAt: string;
  readonly minutes: number;
  readonly models: number;
  readonly seed: number;
  readonly isGood: boolean;
  /** Changes made by the workload, and those that the API server did not take. */
  readonly changes: number;
  readonly refusedChanges: number;
  readonly faults: readonly FaultCount[];
  /** Operators that ended by themselves because they lost their lease. */
  readonly exits: number;
  /** From the end of the last fault until every object was as its spec says; undefined: never. */
  readonly convergedSeconds: number | undefined;
  /** What was written after that, until everything an operator may still wait for had passed. */
  readonly lateWrites: readonly string[];
  /** What was written in the quiet time at the end. */
  readonly quietWrites: readonly string[];
  /** Writes while the other operator led. */
  readonly fencing: readonly string[];
  /** Highest resident memory of each operator. */
  readonly peakRssMB: readonly number[];
}

export interface FaultCount {
  readonly name: string;
  readonly count: number;
  readonly longestSeconds: number;
}

/** Counts faults by name. */
export class FaultCounter {
  readonly #counts = new Map<string, FaultCount>();

  add(name: string, seconds: number): void {
    const { count = 0, longestSeconds = 0 } = this.#counts.get(name) ?? {};
    const longest = Math.max(longestSeconds, Math.round(seconds));
    this.#counts.set(name, { name, count: count + 1, longestSeconds: longest });
  }

  get all(): readonly FaultCount[] {
    return [...this.#counts.values()].sort((a, b) => b.count - a.count || a.name.localeCompare(b.name));
  }
}
