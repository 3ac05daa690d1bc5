import type { SAMPLES } from '../../../support/signatures.ts';

/** Value of Inference-Header-Content-Length: text, or the true length of the JSON; undefined: not sent. */
export type JsonLength = string | typeof JSON_LENGTH | undefined;
export const JSON_LENGTH = Symbol('length of the JSON');

/** A request of tensors that are all in the binary part. */
export function request(
  ...tensors: readonly (readonly [name: string, datatype: string, shape: string, size: string])[]
): string {
  const inputs = tensors.map(
    ([name, datatype, shape, size]) =>
      `{"name": "${name}", "shape": ${shape}, "datatype": "${datatype}", "parameters": {"binary_data_size": ${size}}}`,
  );
  return `{"inputs": [${inputs.join(', ')}]}`;
}

/** Bodies with tensors behind the JSON that no model here takes, and the whole message that the client gets. */
// prettier-ignore
export const MALFORMED_BINARY: readonly (readonly [name: string, model: keyof typeof SAMPLES, json: string, restInHex: string, length: JsonLength, error: string])[] = [
  ['a header that is no number', 'iris', request(['X', 'FP32', '[1,4]', '16']), '00'.repeat(16), 'abc', 'Inference-Header-Content-Length: expected the length of the JSON in bytes, got "abc"'],
  ['a header twice', 'iris', request(['X', 'FP32', '[1,4]', '16']), '00'.repeat(16), '100, 100', 'Inference-Header-Content-Length: expected the length of the JSON in bytes, got "100, 100"'],
  ['a negative header', 'iris', request(['X', 'FP32', '[1,4]', '16']), '00'.repeat(16), '-1', 'Inference-Header-Content-Length: expected the length of the JSON in bytes, got "-1"'],
  ['an empty header', 'iris', request(['X', 'FP32', '[1,4]', '16']), '00'.repeat(16), '', 'Inference-Header-Content-Length: expected the length of the JSON in bytes, got ""'],
  ['a header in hex', 'iris', request(['X', 'FP32', '[1,4]', '16']), '00'.repeat(16), '0x10', 'Inference-Header-Content-Length: expected the length of the JSON in bytes, got "0x10"'],
  ['a header beyond the body', 'iris', request(['X', 'FP32', '[1,4]', '16']), '00'.repeat(16), '5000', 'Inference-Header-Content-Length: says 5000 bytes of JSON, but the body has 119'],
  ['a header beyond 2^53', 'iris', request(['X', 'FP32', '[1,4]', '16']), '00'.repeat(16), '99999999999999999999', 'Inference-Header-Content-Length: expected the length of the JSON in bytes, got "99999999999999999999"'],
  ['a header that cuts the JSON', 'iris', request(['X', 'FP32', '[1,4]', '16']), '00'.repeat(16), '20', 'body: Unexpected end of JSON input'],
  ['a header that reaches into the tensors', 'iris', request(['X', 'FP32', '[1,4]', '16']), '00'.repeat(16), '104', 'body: Unexpected non-whitespace character after JSON at position 103 (line 1 column 104)'],
  ['no header for binary data', 'iris', request(['X', 'FP32', '[1,4]', '16']), '41'.repeat(16), undefined, 'body: Unexpected non-whitespace character after JSON at position 103 (line 1 column 104)'],
  ['too few bytes in the body', 'iris', request(['X', 'FP32', '[1,4]', '16']), '00'.repeat(12), JSON_LENGTH, 'inputs[0].parameters.binary_data_size: 16 bytes are announced, but only 12 are left'],
  ['bytes left over', 'iris', request(['X', 'FP32', '[1,4]', '16']), '00'.repeat(20), JSON_LENGTH, 'body: 4 bytes after the JSON belong to no input; check binary_data_size of each input and Inference-Header-Content-Length'],
  ['a size that is not the shape', 'iris', request(['X', 'FP32', '[2,4]', '16']), '00'.repeat(16), JSON_LENGTH, 'inputs[0].parameters.binary_data_size: expected 32 bytes for FP32 of shape [2,4], got 16'],
  ['a size that cuts an element', 'iris', request(['X', 'FP32', '[1,4]', '15']), '00'.repeat(15), JSON_LENGTH, 'inputs[0].parameters.binary_data_size: expected 16 bytes for FP32 of shape [1,4], got 15'],
  ['a size of nothing', 'iris', request(['X', 'FP32', '[1,4]', '0']), '', JSON_LENGTH, 'inputs[0].parameters.binary_data_size: expected 16 bytes for FP32 of shape [1,4], got 0'],
  ['a size beyond memory', 'iris', request(['X', 'FP32', '[1,4]', '9007199254740991']), '00'.repeat(16), JSON_LENGTH, 'inputs[0].parameters.binary_data_size: 9007199254740991 bytes are announced, but only 16 are left'],
  ['a size beyond 2^53', 'iris', request(['X', 'FP32', '[1,4]', '9007199254740993']), '00'.repeat(16), JSON_LENGTH, 'inputs[0].parameters.binary_data_size: expected a number of bytes, got the number 9007199254740992'],
  ['a shape beyond memory', 'iris', request(['X', 'FP32', '[2251799813685247,4]', '16']), '00'.repeat(16), JSON_LENGTH, 'inputs[0].parameters.binary_data_size: expected 36028797018963950 bytes for FP32 of shape [2251799813685247,4], got 16'],
  ['half a size', 'iris', request(['X', 'FP32', '[1,4]', '16.5']), '00'.repeat(16), JSON_LENGTH, 'inputs[0].parameters.binary_data_size: expected a number of bytes, got the number 16.5'],
  ['a BOOL of 2', 'flags', request(['x', 'BOOL', '[1,2]', '2']), '0102', JSON_LENGTH, 'inputs[0].data[1]: expected a byte of 0 or 1, got 2'],
  ['BYTES without lengths', 'text', request(['text', 'BYTES', '[1,1]', '3']), '616263', JSON_LENGTH, 'inputs[0].parameters.binary_data_size: expected at least 4 bytes for BYTES of shape [1,1] (a length of 4 bytes before each element), got 3'],
  ['BYTES with a length too long', 'text', request(['text', 'BYTES', '[1,1]', '7']), '04000000616263', JSON_LENGTH, 'inputs[0].data[0]: is 4 bytes long by its length, but only 3 bytes follow'],
  ['BYTES with a length of 4 GiB', 'text', request(['text', 'BYTES', '[1,1]', '7']), 'ffffffff616263', JSON_LENGTH, 'inputs[0].data[0]: is 4294967295 bytes long by its length, but only 3 bytes follow'],
  ['BYTES with a big-endian length', 'text', request(['text', 'BYTES', '[1,1]', '7']), '00000003616263', JSON_LENGTH, 'inputs[0].data[0]: is 50331648 bytes long by its length, but only 3 bytes follow'],
  ['BYTES that end before the second element', 'text', request(['text', 'BYTES', '[2,1]', '9']), '050000006162636465', JSON_LENGTH, "inputs[0].data[1]: the tensor's 9 bytes end before this element"],
  ['BYTES left over', 'text', request(['text', 'BYTES', '[1,1]', '9']), '020000006162010000', JSON_LENGTH, 'inputs[0].parameters.binary_data_size: expected 6 bytes by the lengths of its element, got 9'],
  ['BYTES that are no text', 'text', request(['text', 'BYTES', '[2,1]', '11']), '010000006102000000fffe', JSON_LENGTH, 'inputs[0].data[1]: expected UTF-8 text; this model takes text, not arbitrary bytes'],
  ['U+0000 in BYTES', 'text', request(['text', 'BYTES', '[1,1]', '7']), '03000000610062', JSON_LENGTH, 'inputs[0].data[0]: expected a string without the character U+0000, at which it would be cut off'],
  ['BYTES of a shape beyond memory', 'text', request(['text', 'BYTES', '[4000000000,1]', '8']), '0000000000000000', JSON_LENGTH, 'inputs[0].parameters.binary_data_size: expected at least 16000000000 bytes for BYTES of shape [4000000000,1] (a length of 4 bytes before each element), got 8'],
  ['the second tensor too short', 'tokens', request(['tokens', 'INT64', '[1,2]', '16'], ['mask', 'INT64', '[1,2]', '16']), '00'.repeat(31), JSON_LENGTH, 'inputs[1].parameters.binary_data_size: 16 bytes are announced, but only 15 are left'],
  ['tensors of different numbers of rows', 'tokens', request(['tokens', 'INT64', '[1,2]', '16'], ['mask', 'INT64', '[2,2]', '32']), '00'.repeat(48), JSON_LENGTH, 'inputs[1].shape[0]: expected 1 row as in "tokens", got 2'],
  ['an unknown tensor', 'iris', request(['Y', 'FP32', '[1,4]', '16']), '00'.repeat(16), JSON_LENGTH, 'inputs[0].name: unknown input "Y"; the model has "X"'],
  ['a datatype of another width', 'iris', request(['X', 'FP64', '[1,4]', '32']), '00'.repeat(32), JSON_LENGTH, 'inputs[0].datatype: expected "FP32", the datatype of "X", got the string "FP64"'],
  ['a bare body for two inputs', 'tokens', '', '00'.repeat(16), '0', 'Inference-Header-Content-Length: 0: a body without JSON holds one input, but the model has "tokens", "mask"; describe them in JSON'],
  ['a bare body of half a row', 'iris', '', '00'.repeat(24), '0', 'body: expected 16 bytes or a multiple of it for FP32 [-1,4], got 24'],
  ['a bare body of nothing', 'iris', '', '', '0', 'body: expected 16 bytes or a multiple of it for FP32 [-1,4], got 0'],
  ['a bare body for a shape without free dimensions', 'vector', '', '00'.repeat(24), '0', 'body: expected 12 bytes for FP32 [3], got 24'],
  ['a bare body for an unknown rank', 'anyRank', '', '00'.repeat(24), '0', 'Inference-Header-Content-Length: 0: the shape of "x" does not follow from its size; give it in JSON'],
  ['a bare body that is no text', 'text', '', 'c3', '0', 'body: expected UTF-8 text; this model takes text, not arbitrary bytes'],
  ['a bare body with a BOOL of 2', 'flags', '', '0102', '0', 'body[1]: expected a byte of 0 or 1, got 2'],
];
