import type { SampleClassifier } from './sample-models.ts';

/** One answer of the V1 protocol for a classifier. */
export interface ClassPrediction {
  readonly label: string;
  /** By label, in column order. */
  readonly probabilities: Readonly<Record<string, number>>;
}

/** A probability that differs by more than that is a wrong one. */
export const TOLERANCE = 1e-5;

/** The predictions of an answer's JSON text. @throws Error that shows the text when it has none */
export function readPredictions(text: string): ClassPrediction[] {
  const { predictions } = JSON.parse(text) as { predictions?: ClassPrediction[] };
  if (!Array.isArray(predictions)) throw new Error(`no predictions in ${text.slice(0, 200)}`);
  return predictions;
}

/**
 * A table of the predictions with what the library says below each.
 * @throws Error when a label differs, or a probability by more than TOLERANCE
 */
export function comparePredictions(sample: SampleClassifier, predictions: readonly ClassPrediction[]): string {
  const lines = [cells(['', 'label', ...sample.labels])];
  let largest = 0;
  for (const [row, { label, probabilities }] of predictions.entries()) {
    const expected = sample.expected.probabilities[row] ?? [];
    const served = sample.labels.map((name) => probabilities[name] ?? Number.NaN);
    const differences = served.map((value, column) => Math.abs(value - (expected[column] ?? Number.NaN)));
    largest = Math.max(largest, ...differences);
    lines.push(cells(['served', label, ...served.map(digits)]));
    lines.push(cells([sample.framework, sample.expected.label[row] ?? '', ...expected.map(digits)]));
    if (label !== sample.expected.label[row] || !differences.every((difference) => difference <= TOLERANCE)) {
      throw new Error(`row ${row} is not what ${sample.framework} predicts:\n${lines.join('\n')}`);
    }
  }
  return `${lines.join('\n')}\nlargest difference from ${sample.framework}'s predict_proba: ${largest.toExponential(1)}`;
}

const digits = (value: number): string => value.toFixed(7);
const cells = (texts: readonly string[]): string =>
  texts
    .map((text) => text.padEnd(14))
    .join('')
    .trimEnd();
