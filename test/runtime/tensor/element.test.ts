import { expect } from 'chai';
import { elementReader, narrowInteger, nestElements } from '../../../runtime/tensor/element.ts';
import type { JsonValue } from '../../../runtime/tensor/element.ts';
import type { Tensor } from '../../../runtime/tensor/tensor.ts';

describe('elements as JSON values', () => {
  const cases: [name: string, tensor: Tensor, values: JsonValue][] = [
    ['FP32 by its shortest decimal', { datatype: 'FP32', shape: [2], data: Float32Array.of(0.1, -2) }, [0.1, -2]],
    ['FP16 bits', { datatype: 'FP16', shape: [2], data: Uint16Array.of(0x2e66, 0xc000) }, [0.1, -2]],
    ['FP64 as it is', { datatype: 'FP64', shape: [1], data: Float64Array.of(Math.fround(0.1)) }, [Math.fround(0.1)]],
    ['BOOL', { datatype: 'BOOL', shape: [2], data: Uint8Array.of(1, 0) }, [true, false]],
    ['UINT8', { datatype: 'UINT8', shape: [2], data: Uint8Array.of(1, 255) }, [1, 255]],
    [
      'INT64, bigint only beyond 2^53',
      { datatype: 'INT64', shape: [3], data: BigInt64Array.of(-5n, 9007199254740991n, 9007199254740993n) },
      [-5, 9007199254740991, 9007199254740993n],
    ],
    ['BYTES', { datatype: 'BYTES', shape: [2], data: ['ä', ''] }, ['ä', '']],
    ['a scalar', { datatype: 'INT32', shape: [], data: Int32Array.of(7) }, 7],
    ['nested lists', { datatype: 'INT8', shape: [2, 1, 2], data: Int8Array.of(1, 2, 3, 4) }, [[[1, 2]], [[3, 4]]]],
    ['an empty axis', { datatype: 'FP32', shape: [0, 3], data: new Float32Array() }, []],
    ['an empty inner axis', { datatype: 'FP32', shape: [2, 0], data: new Float32Array() }, [[], []]],
  ];
  for (const [name, tensor, values] of cases) {
    it(`reads ${name}`, () => {
      expect(nestElements(elementReader(tensor), tensor.shape)).to.deep.equal(values);
    });
  }

  it('reads one row from an offset', () => {
    const read = elementReader({ datatype: 'INT32', shape: [2, 2], data: Int32Array.of(1, 2, 3, 4) });
    expect(nestElements(read, [2], 2)).to.deep.equal([3, 4]);
  });

  it('narrows integers only where no digit is lost', () => {
    expect([narrowInteger(-(2n ** 53n) + 1n), narrowInteger(2n ** 53n)]).to.deep.equal([-(2 ** 53) + 1, 2n ** 53n]);
  });
});
