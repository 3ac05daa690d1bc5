import { expect } from 'chai';
import { encodeV2Response, type AnsweredOutput } from '../../../../runtime/protocol/v2/encode-response.ts';
import type { Tensor } from '../../../../runtime/tensor/tensor.ts';

const LABEL: Tensor = { datatype: 'BYTES', shape: [2], data: ['setosa', 'ä"'] };
const SCORES: Tensor = { datatype: 'FP32', shape: [2, 2], data: Float32Array.of(0.1, Number.NaN, Infinity, -0.25) };

const answer = (outputs: readonly AnsweredOutput[], id?: string): ReturnType<typeof encodeV2Response> =>
  encodeV2Response({ modelName: 'iris', modelVersion: '17', id, outputs });

/** JSON only. */
function textOf(name: string, tensor: Tensor): string {
  const { body, jsonBytes } = answer([{ name, tensor, binary: false }]);
  expect(jsonBytes).to.equal(undefined);
  return body as string;
}

describe('encodeV2Response', () => {
  it('writes flat data in JSON', () => {
    expect(textOf('probabilities', SCORES)).to.equal(
      '{"model_name":"iris","model_version":"17","outputs":[{"name":"probabilities","datatype":"FP32","shape":[2,2],"data":[0.1,null,null,-0.25]}]}',
    );
    expect(textOf('label', LABEL)).to.contain('"shape":[2],"data":["setosa","ä\\""]}');
  });

  // prettier-ignore
  const tensors: readonly (readonly [name: string, tensor: Tensor, data: string])[] = [
    ['bools', { datatype: 'BOOL', shape: [2], data: Uint8Array.of(1, 0) }, '[true,false]'],
    ['int64 with every digit', { datatype: 'INT64', shape: [2], data: BigInt64Array.of(9223372036854775807n, -1n) }, '[9223372036854775807,-1]'],
    ['uint64 with every digit', { datatype: 'UINT64', shape: [1], data: BigUint64Array.of(18446744073709551615n) }, '[18446744073709551615]'],
    ['float16', { datatype: 'FP16', shape: [2], data: Uint16Array.of(0x2e66, 0x7c00) }, '[0.1,null]'],
    ['float64 in full', { datatype: 'FP64', shape: [1], data: Float64Array.of(0.1 + 0.2) }, '[0.30000000000000004]'],
    ['a scalar', { datatype: 'FP32', shape: [], data: Float32Array.of(3) }, '[3]'],
    ['nothing', { datatype: 'FP32', shape: [0, 4], data: new Float32Array() }, '[]'],
  ];
  for (const [name, tensor, data] of tensors) {
    it(`writes ${name}`, () => {
      expect(textOf('y', tensor)).to.contain(`"data":${data}}`);
    });
  }

  it('gives back the id', () => {
    expect(JSON.parse(answer([], 'a "7"').body as string)).to.deep.include({ id: 'a "7"' });
    expect(JSON.parse(answer([]).body as string)).to.not.have.property('id');
  });

  it('says what to know about the answer in its parameters', () => {
    const { body } = encodeV2Response({
      modelName: 'iris',
      modelVersion: '17',
      id: undefined,
      outputs: [],
      parameters: { warnings: 'careful' },
    });
    expect(JSON.parse(body as string)).to.deep.include({ parameters: { warnings: 'careful' } });
  });

  it('puts binary outputs behind the JSON, in order, mixed with others', () => {
    const { body, jsonBytes } = answer([
      { name: 'label', tensor: LABEL, binary: true },
      { name: 'n', tensor: { datatype: 'INT8', shape: [2], data: Int8Array.of(1, 2) }, binary: false },
      { name: 'probabilities', tensor: SCORES, binary: true },
    ]);
    const bytes = Buffer.from(body as Uint8Array);
    expect(JSON.parse(bytes.toString('utf8', 0, jsonBytes))).to.deep.equal({
      model_name: 'iris',
      model_version: '17',
      outputs: [
        { name: 'label', datatype: 'BYTES', shape: [2], parameters: { binary_data_size: 17 } },
        { name: 'n', datatype: 'INT8', shape: [2], data: [1, 2] },
        { name: 'probabilities', datatype: 'FP32', shape: [2, 2], parameters: { binary_data_size: 16 } },
      ],
    });
    const rest = bytes.subarray(jsonBytes);
    expect(rest.subarray(0, 17).toString('latin1')).to.equal('\u0006\0\0\0setosa\u0003\0\0\0\u00c3\u00a4"');
    expect([0, 1, 2, 3].map((index) => rest.readFloatLE(17 + 4 * index))).to.deep.equal([
      ...(SCORES.data as Float32Array),
    ]);
    expect(rest).to.have.lengthOf(33);
  });

  it('writes only its own part of a buffer that answers share', () => {
    const shared = Float32Array.of(9, 1, 2, 9);
    const tensor: Tensor = { datatype: 'FP32', shape: [2], data: shared.subarray(1, 3) };
    const { body, jsonBytes } = answer([{ name: 'y', tensor, binary: true }]);
    const rest = Buffer.from(body as Uint8Array).subarray(jsonBytes);
    expect([rest.length, rest.readFloatLE(0), rest.readFloatLE(4)]).to.deep.equal([8, 1, 2]);
  });
});
