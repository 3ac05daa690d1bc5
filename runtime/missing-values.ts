import type { ModelSignature } from './onnx/signature.ts';
import { float16View } from './tensor/element.ts';
import type { NamedTensors, Tensor } from './tensor/tensor.ts';

/**
 * Converters drop the branch that a tree ensemble has learned for missing values, and the answer is silently wrong: probabilities off by
 * up to 0.9 (https://github.com/onnx/sklearn-onnx/issues/1253). So a request that has such values is told.
 * @returns one sentence, or none when all values are there or none gets to a tree
 */
export function missingValueWarnings(feeds: NamedTensors, rows: number, { traits, batched }: ModelSignature): string[] {
  const names: string[] = [];
  const affected = new Set<number>();
  for (const [name, tensor] of feeds) {
    if (!traits.treeInputs.includes(name)) continue;
    const found = rowsWithNaN(tensor, rows);
    if (found.length > 0) names.push(JSON.stringify(name));
    for (const row of found) affected.add(row);
  }
  if (names.length === 0) return [];
  const where = batched ? `${affected.size} of ${rows} rows have` : 'the input has';
  const inputs = names.slice(0, 10).join(', ') + (names.length > 10 ? ', ...' : '');
  return [
    `${where} missing values (${inputs}); tree ensembles lose how they treat them when they are converted to ONNX, so predictions may differ from the original model's`,
  ];
}

function rowsWithNaN({ datatype, data }: Tensor, rows: number): number[] {
  const numbers = datatype === 'FP16' ? float16View(data as Uint16Array) : data;
  const isFloat = numbers instanceof Float32Array || numbers instanceof Float64Array || numbers instanceof Float16Array;
  if (!isFloat || rows === 0) return [];
  const rowElements = numbers.length / rows;
  const found: number[] = [];
  for (let index = 0; index < numbers.length; index += 1) {
    if (Number.isNaN(numbers[index])) {
      const row = Math.floor(index / rowElements);
      found.push(row);
      // On to the next row.
      index = (row + 1) * rowElements - 1;
    }
  }
  return found;
}
