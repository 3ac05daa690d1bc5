import { expect } from 'chai';
import type { SampleModel } from './models.ts';

/** A prediction as JSON, or before it became text: objects and Maps are alike, and keep the order of their keys. */
export type Answer = unknown;

/** What the runtime should answer to the model's rows: the manifest's expectation in the form of the HTTP API. */
export function goldenAnswers({ rows, expected, labels }: SampleModel): Answer[] {
  return rows.map((_, row) => {
    if (expected.values) return expected.values[row];
    const key = expected.probabilities ? 'probabilities' : 'scores';
    const numbers = (expected.probabilities ?? expected.scores)?.[row] as Numbers | Numbers[];
    return { label: expected.label?.[row], [key]: named(numbers, labels ?? []) };
  });
}

type Numbers = readonly number[];

/** `[0.1, 0.9]` -> by class; a list of those for several targets. A single decision value belongs to the second class. */
function named(numbers: Numbers | Numbers[], labels: readonly unknown[]): Answer {
  if (Array.isArray(labels[0])) {
    return labels.map((own, target) => named(numbers[target] as Numbers, own as readonly unknown[]));
  }
  const names = numbers.length === 1 && labels.length === 2 ? labels.slice(1) : labels;
  return new Map(names.map((label, column) => [String(label), numbers[column]]));
}

/**
 * Labels, strings and integers must be equal, numbers within the model's tolerance, keys the same in the same order.
 * @throws AssertionError naming the place of the first difference
 */
export function expectGolden(actual: Answer, expected: Answer, tolerance: number, path = 'prediction'): void {
  if (typeof expected === 'number' && typeof actual === 'number') {
    const allowed = tolerance * Math.max(1, Math.abs(expected));
    expect(Math.abs(actual - expected), `${path}: ${actual} for ${expected}`).to.be.at.most(allowed);
    return;
  }
  const [got, wanted] = [membersOf(actual), membersOf(expected)];
  if (!got || !wanted) {
    expect(actual, path).to.equal(expected);
    return;
  }
  expect([...got.keys()], path).to.deep.equal([...wanted.keys()]);
  for (const [key, value] of wanted) expectGolden(got.get(key), value, tolerance, `${path}.${String(key)}`);
}

function membersOf(value: Answer): ReadonlyMap<string | number, Answer> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof Map) return value as ReadonlyMap<string, Answer>;
  return new Map<string | number, Answer>(Array.isArray(value) ? value.entries() : Object.entries(value));
}
