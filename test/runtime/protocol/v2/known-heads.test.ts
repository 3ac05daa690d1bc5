import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { decodeV2Request, type V2Request } from '../../../../runtime/protocol/v2/decode-request.ts';
import { signatureOf } from '../../../support/signatures.ts';

const signature = signatureOf([
  ['a', 'FP32', [-1, 2]],
  ['b', 'INT32', [-1, 1]],
]);

/** `b` before `a`, as a client may send them. */
function request(a: readonly number[], b: number, more: object = {}): { bytes: Buffer; jsonBytes: number } {
  const inputs = [
    { name: 'b', shape: [1], datatype: 'INT32', parameters: { binary_data_size: 4 } },
    { name: 'a', shape: [1, 2], datatype: 'FP32', parameters: { binary_data_size: 8 } },
  ];
  const head = Buffer.from(JSON.stringify({ ...more, inputs }));
  const elements = [Buffer.from(Int32Array.of(b).buffer), Buffer.from(Float32Array.from(a).buffer)];
  return { bytes: Buffer.concat([head, ...elements]), jsonBytes: head.length };
}

const valuesOf = ({ feeds }: V2Request): unknown[] => [...feeds].map(([name, { data }]) => [name, [...data]]);

describe('a head that came before', () => {
  it('has the elements of its own request behind it', () => {
    const first = decodeV2Request(request([1, 2], 3), signature);
    const second = decodeV2Request(request([4, 5], 6), signature);
    expect(valuesOf(first)).to.deep.equal([
      ['a', [1, 2]],
      ['b', [3]],
    ]);
    expect(valuesOf(second)).to.deep.equal([
      ['a', [4, 5]],
      ['b', [6]],
    ]);
    expect(second).to.deep.equal({ ...first, feeds: second.feeds });
  });

  it('is told the same of bytes that do not fit', () => {
    const { bytes, jsonBytes } = request([1, 2], 3);
    const short = { bytes: bytes.subarray(0, -1), jsonBytes };
    const long = { bytes: Buffer.concat([bytes, Buffer.alloc(1)]), jsonBytes };
    for (const wrong of [short, long]) {
      const fresh = { ...signature };
      const problem = problemOf(() => decodeV2Request(wrong, fresh));
      decodeV2Request({ bytes, jsonBytes }, fresh);
      expect(problemOf(() => decodeV2Request(wrong, fresh))).to.equal(problem);
    }
  });

  it('is another one with another byte', () => {
    decodeV2Request(request([1, 2], 3), signature);
    const { bytes, jsonBytes } = request([1, 2], 3);
    const renamed = Buffer.from(bytes.toString('latin1').replace('"name":"b"', '"name":"z"'), 'latin1');
    expect(problemOf(() => decodeV2Request({ bytes: renamed, jsonBytes }, signature))).to.include('"z"');
  });

  it('keeps its id', () => {
    for (const id of ['one', 'two']) expect(decodeV2Request(request([1, 2], 3, { id }), signature).id).to.equal(id);
  });

  it('outlives the memory of the body', () => {
    const { bytes, jsonBytes } = request([1, 2], 3);
    decodeV2Request({ bytes, jsonBytes }, signature);
    bytes.fill(0);
    expect(valuesOf(decodeV2Request(request([4, 5], 6), signature))[1]).to.deep.equal(['b', [6]]);
  });
});

function problemOf(decode: () => unknown): string {
  try {
    decode();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('expected a refusal');
}
