import { expect } from 'chai';
import { ModelFailure } from '../../../runtime/errors.ts';
import type { ByteSource } from '../../../runtime/onnx/byte-source.ts';
import { bytesSource, segmentsSize } from '../../../runtime/onnx/byte-source.ts';
import { readModel } from '../../../runtime/onnx/read-model.ts';
import { bytesField, bytesFieldHeader, concatBytes, varintField } from '../../../runtime/onnx/wire-encode.ts';
import { FLOAT, INT64, attribute, mapType, model, node, sequenceType, tensorType, valueInfo } from './build-model.ts';

/** Bytes with gaps of zeros that take no memory, and a count of what is read. */
function sparseSource(parts: readonly (Uint8Array | number)[]): ByteSource & { readonly bytesRead: () => number } {
  const size = parts.reduce<number>((sum, part) => sum + (typeof part === 'number' ? part : part.length), 0);
  let bytesRead = 0;
  const read = (offset: number, length: number): Uint8Array => {
    const result = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
    bytesRead += result.length;
    let start = 0;
    for (const part of parts) {
      const end = start + (typeof part === 'number' ? part : part.length);
      if (typeof part !== 'number' && end > offset && start < offset + result.length) {
        const from = Math.max(0, offset - start);
        result.set(part.subarray(from, offset + result.length - start), start + from - offset);
      }
      start = end;
    }
    return result;
  };
  return { size, read, bytesRead: () => bytesRead };
}

const GIGABYTE = 1024 ** 3;
const zip = node({
  op: 'ZipMap',
  domain: 'ai.onnx.ml',
  inputs: ['y'],
  outputs: ['p'],
  attributes: [attribute.ints('classlabels_int64s', [0, 1])],
});
const matMul = node({ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] });

describe('a model of three gigabytes', () => {
  /** A weight whose data is a gap. */
  const weight = concatBytes([
    varintField(1, 3 * 2 ** 18),
    varintField(1, 1024),
    varintField(2, FLOAT),
    bytesField(8, 'w'),
    bytesFieldHeader(9, 3 * GIGABYTE),
  ]);
  const head = concatBytes([
    bytesField(1, matMul),
    bytesField(1, zip),
    bytesFieldHeader(5, weight.length + 3 * GIGABYTE),
    weight,
  ]);
  const tail = concatBytes([
    bytesField(11, valueInfo('x', tensorType(FLOAT, ['N', 4]))),
    bytesField(12, valueInfo('p', sequenceType(mapType(INT64, tensorType(FLOAT))))),
  ]);
  const opset = bytesField(8, concatBytes([bytesField(1, 'ai.onnx.ml'), varintField(2, 1)]));
  const source = sparseSource([
    concatBytes([varintField(1, 8), bytesFieldHeader(7, head.length + 3 * GIGABYTE + tail.length), head]),
    3 * GIGABYTE,
    concatBytes([tail, opset]),
  ]);

  it('is read and rewritten without reading its weights', () => {
    const { rewritten, signature } = readModel(source);
    expect(signature.outputs).to.deep.equal([{ name: 'p', datatype: 'FP32', shape: [-1, 2] }]);
    expect(source.bytesRead()).to.be.below(1_000_000);
    expect(segmentsSize(rewritten!)).to.be.within(source.size - 100, source.size + 100);
    expect(rewritten!.some((segment) => 'length' in segment && segment.length > 3 * GIGABYTE)).to.equal(true);
  });
});

describe('files made to exhaust the reader', () => {
  const repeat = (bytes: Uint8Array, count: number): Uint8Array => {
    const result = new Uint8Array(bytes.length * count);
    for (let index = 0; index < count; index += 1) result.set(bytes, index * bytes.length);
    return result;
  };
  let deep: Uint8Array = new Uint8Array(0);
  for (let level = 0; level < 500; level += 1) {
    deep = bytesField(1, node({ op: 'If', outputs: ['y'], attributes: [attribute.graph('then_branch', deep)] }));
  }
  const FILES: readonly (readonly [name: string, graph: Uint8Array, reason: string])[] = [
    ['a million nodes', repeat(bytesField(1, bytesField(4, 'A')), 1_000_000), 'ModelUnsupported'],
    ['a node with a million inputs', bytesField(1, repeat(bytesField(1, ''), 1_000_000)), 'ModelUnsupported'],
    ['a million weights', repeat(bytesField(5, bytesField(8, 'w')), 1_000_000), 'ModelUnsupported'],
    [
      'a weight of a million dimensions',
      bytesField(5, bytesField(1, new Uint8Array(1_000_000).fill(3))),
      'ModelUnsupported',
    ],
    ['subgraphs in subgraphs', deep, 'ModelInvalid'],
    ['nodes without an operator', repeat(bytesField(1, ''), 1000), 'ModelInvalid'],
  ];
  for (const [name, graph, reason] of FILES) {
    it(`${name}: ${reason}`, () => {
      expect(() => readModel(bytesSource(model(graph))))
        .to.throw(ModelFailure)
        .with.property('reason', reason);
    });
  }
});
