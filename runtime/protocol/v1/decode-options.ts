import { invalidInput } from '../../errors.ts';
import type { ModelSignature } from '../../onnx/signature.ts';
import { describeValue, listNames, quote } from '../describe.ts';
import { nearestName } from '../nearest-name.ts';
import { addOutputName } from '../output-names.ts';

/** `parameters` of a V1 request. */
export interface V1Parameters {
  /** Only so many most probable classes, in falling order; undefined: all, in column order. */
  readonly topK: number | undefined;
}

const PARAMETERS = ['topK'] as const;

/** @throws RequestError InvalidInput */
export function decodeParameters(value: unknown, signature: ModelSignature): V1Parameters {
  if (value === undefined || value === null) return { topK: undefined };
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw invalidInput('parameters', `expected an object, got ${describeValue(value)}`);
  }
  for (const key of Object.keys(value)) {
    if (PARAMETERS.some((known) => known === key)) continue;
    const near = nearestName(key, PARAMETERS);
    const hint = near === undefined ? `known are ${listNames(PARAMETERS)}` : `did you mean ${quote(near)}?`;
    throw invalidInput('parameters', `unknown parameter ${quote(key)}; ${hint}`);
  }
  return { topK: decodeTopK((value as { topK?: unknown }).topK, signature) };
}

function decodeTopK(value: unknown, signature: ModelSignature): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
    throw invalidInput('parameters.topK', `expected an integer of 1 or more, got ${describeValue(value)}`);
  }
  if (signature.presentation.task !== 'classification') {
    throw invalidInput('parameters.topK', 'this model is not a classifier; leave topK out');
  }
  return value;
}

/**
 * @returns the graph outputs asked for, in the order asked; undefined when none are
 * @throws RequestError InvalidInput
 */
export function decodeOutputs(value: unknown, signature: ModelSignature): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value))
    throw invalidInput('outputs', `expected a list of output names, got ${describeValue(value)}`);
  if (value.length === 0) throw invalidInput('outputs', 'expected at least one output name, got an empty list');
  const known = signature.outputs.map(({ name }) => name);
  const names = new Set<string>();
  for (const [index, name] of value.entries()) {
    const path = `outputs[${index}]`;
    if (typeof name !== 'string') throw invalidInput(path, `expected an output name, got ${describeValue(name)}`);
    addOutputName(name, names, known, path);
  }
  return [...names];
}
