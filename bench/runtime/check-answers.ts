import type { Format } from './formats.ts';
import type { BenchModel } from './models.ts';
import type { BenchRequest } from './requests.ts';

/** Largest difference to the library's own probabilities: float32 against float64. */
const TOLERANCE = 1e-4;

/**
 * Sends every request once and compares the answers with those of the library that trained the model.
 * @throws Error naming the first answer that is wrong
 */
export async function checkAnswers(
  port: number,
  { format, model, requests }: { format: Format; model: BenchModel; requests: readonly BenchRequest[] },
): Promise<void> {
  for (const [index, { path, headers, body, rows }] of requests.entries()) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body });
    const answer = Buffer.from(await response.arrayBuffer());
    if (response.status !== 200) throw new Error(`request ${index}: ${response.status} ${answer.toString()}`);
    const actual = format.decode({ headers: response.headers, body: answer }, model);
    const expected = rows.map((row) => model.golden.probabilities[row]!);
    if (!isClose(actual, expected)) {
      throw new Error(`request ${index}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
    }
  }
}

function isClose(actual: readonly (readonly number[])[], expected: readonly (readonly number[])[]): boolean {
  return (
    actual.length === expected.length &&
    expected.every((row, index) => {
      const other = actual[index]!;
      return row.length === other.length && row.every((value, column) => Math.abs(value - other[column]!) <= TOLERANCE);
    })
  );
}
