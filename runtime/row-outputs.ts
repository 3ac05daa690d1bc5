import type { ModelSignature } from './onnx/signature.ts';
import type { NamedTensors } from './tensor/tensor.ts';

/** Rows of a run, and what axis 0 of its outputs was. */
export interface ObservedRun {
  readonly rows: number;
  readonly outputs: NamedTensors;
}

/**
 * Which outputs have the rows of the inputs as axis 0, so that they can be cut between requests. A free axis 0 is taken for rows; an
 * output without a declared shape (the elements of a sequence) or with a wrong one (`[1]` for LightGBM's label) has to be seen in two
 * runs of different size: a constant of three values looks like rows when three are asked for.
 */
export class RowOutputs {
  readonly #hasRows = new Map<string, boolean>();

  constructor({ outputs, batched, fixedBatch }: ModelSignature) {
    for (const { name, shape } of outputs) {
      if (!batched || shape?.length === 0) this.#hasRows.set(name, false);
      else if (shape?.[0] === -1) this.#hasRows.set(name, true);
      else if (fixedBatch !== undefined) this.#hasRows.set(name, shape === undefined || shape[0] === fixedBatch);
    }
  }

  /** Whether all of these are known to have rows. */
  haveRows(names: readonly string[]): boolean {
    return names.every((name) => this.#hasRows.get(name) === true);
  }

  /** Those of which nothing is known yet. */
  unknown(names: readonly string[]): readonly string[] {
    return names.filter((name) => !this.#hasRows.has(name));
  }

  /** Concludes from two runs of different numbers of rows; `second` undefined: it failed, so rows cannot be joined. */
  learn(names: readonly string[], first: ObservedRun, second: ObservedRun | undefined): void {
    const runs = [first, second];
    for (const name of names) {
      this.#hasRows.set(
        name,
        runs.every((run) => run !== undefined && run.outputs.get(name)?.shape[0] === run.rows),
      );
    }
  }
}
