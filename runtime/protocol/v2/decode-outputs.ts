import { invalidInput } from '../../errors.ts';
import type { ModelSignature } from '../../onnx/signature.ts';
import { isObject } from '../decoded-inputs.ts';
import { describeValue } from '../describe.ts';
import { addOutputName } from '../output-names.ts';
import { decodeFlag, decodeParameters } from './parameters.ts';

/** A graph output that the answer shall hold, and how. */
export interface WantedOutput {
  readonly name: string;
  /** As bytes behind the JSON, instead of numbers in it. */
  readonly binary: boolean;
}

/**
 * `outputs` of a V2 request. Left out, null or empty: all outputs of the graph, in its order.
 * @param binary what outputs that say nothing get: the request's `binary_data_output`
 * @returns in the order of the answer
 * @throws RequestError InvalidInput
 */
export function decodeOutputs(value: unknown, binary: boolean, signature: ModelSignature): WantedOutput[] {
  const known = signature.outputs.map(({ name }) => name);
  if (value !== undefined && value !== null && !Array.isArray(value))
    throw invalidInput('outputs', `expected a list of objects with a "name", got ${describeValue(value)}`);
  const outputs = (value ?? []) as readonly unknown[];
  if (outputs.length === 0) return known.map((name) => ({ name, binary }));
  const names = new Set<string>();
  return outputs.map((output, index) => {
    const path = `outputs[${index}]`;
    if (!isObject(output)) {
      const hint = typeof output === 'string' ? `; write {"name": ${JSON.stringify(output.slice(0, 40))}}` : '';
      throw invalidInput(path, `expected an object with a "name", got ${describeValue(output)}${hint}`);
    }
    const { name } = output;
    if (name === undefined) throw invalidInput(path, 'missing "name"');
    if (typeof name !== 'string') {
      throw invalidInput(`${path}.name`, `expected the name of an output, got ${describeValue(name)}`);
    }
    addOutputName(name, names, known, `${path}.name`);
    const parameters = decodeParameters(output['parameters'], `${path}.parameters`);
    return { name, binary: decodeFlag(parameters, 'binary_data', `${path}.parameters`) ?? binary };
  });
}
