import { invalidInput } from '../../errors.ts';
import { describeValue } from '../describe.ts';
import type { ValueSource } from '../fill-tensor.ts';
import { type BinarySection, JSON_LENGTH_HEADER } from '../v2-binary/body.ts';
import { decodeElements } from '../v2-binary/decode-elements.ts';
import { decodeData } from './decode-data.ts';
import type { TensorReader } from './decode-inputs.ts';
import { decodeParameters } from './parameters.ts';

/**
 * Reads the tensors of a V2 body: `data` in JSON, or bytes behind it.
 * @param binary the bytes behind the JSON; undefined: the body is JSON only
 * @throws RequestError InvalidInput; WideInteger
 */
export function bodyTensorReader(source: ValueSource, binary: BinarySection | undefined): TensorReader {
  return (input, { spec, shape, path }) => {
    const { data } = input;
    const hasData = data !== undefined && data !== null;
    const size = decodeParameters(input['parameters'], `${path}.parameters`)['binary_data_size'];
    const sizePath = `${path}.parameters.binary_data_size`;
    if (size === undefined || size === null) {
      if (!hasData) throw invalidInput(path, 'missing "data" (or parameters.binary_data_size for binary data)');
      return decodeData(data, { spec, sentShape: input['shape'] as number[], shape, source }, `${path}.data`);
    }
    if (hasData) throw invalidInput(path, 'expected either "data" or parameters.binary_data_size, got both');
    if (!Number.isSafeInteger(size) || (size as number) < 0) {
      throw invalidInput(sizePath, `expected a number of bytes, got ${describeValue(size)}`);
    }
    if (!binary) {
      const hint = `set the header ${JSON_LENGTH_HEADER} to the length of the JSON in bytes`;
      throw invalidInput(sizePath, `the body is JSON only; ${hint}`);
    }
    const bytes = binary.take(size as number, sizePath);
    return decodeElements({ datatype: spec.datatype, shape, bytes }, { size: sizePath, data: `${path}.data` });
  };
}
