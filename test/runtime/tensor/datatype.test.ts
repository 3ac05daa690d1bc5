import { expect } from 'chai';
import { Tensor as OrtTensor } from 'onnxruntime-node';
import {
  allocateData,
  DATATYPES,
  datatypeOfOnnx,
  datatypeOfOrt,
  isDatatype,
  sliceData,
} from '../../../runtime/tensor/datatype.ts';
import type { Datatype } from '../../../runtime/tensor/tensor.ts';

const NAMES = Object.keys(DATATYPES) as Datatype[];

describe('datatype table', () => {
  it('finds every datatype by its ONNX element type and its onnxruntime-node type, and no other', () => {
    for (const name of NAMES) {
      expect(datatypeOfOnnx(DATATYPES[name].onnxElemType)).to.equal(name);
      expect(datatypeOfOrt(DATATYPES[name].ortType)).to.equal(name);
    }
    expect([14, 15, 16, 17, 21, 0].map(datatypeOfOnnx)).to.deep.equal(Array.from({ length: 6 }, () => undefined));
    expect(datatypeOfOrt('bfloat16')).to.equal(undefined);
    expect([isDatatype('FP32'), isDatatype('fp32'), isDatatype('toString'), isDatatype(1)]).to.deep.equal([
      true,
      false,
      false,
      false,
    ]);
  });

  it('knows the range of every integer', () => {
    expect(DATATYPES.INT8.range).to.deep.equal([-128n, 127n]);
    expect(DATATYPES.UINT8.range).to.deep.equal([0n, 255n]);
    expect(DATATYPES.INT64.range).to.deep.equal([-9223372036854775808n, 9223372036854775807n]);
    expect(DATATYPES.UINT64.range).to.deep.equal([0n, 18446744073709551615n]);
  });

  for (const name of NAMES) {
    it(`allocates ${name} data that onnxruntime-node takes as ${DATATYPES[name].ortType}`, () => {
      const data = allocateData(name, 6);
      const tensor = new OrtTensor(DATATYPES[name].ortType as 'float32', data as Float32Array, [2, 3]);
      expect([tensor.type, tensor.size]).to.deep.equal([DATATYPES[name].ortType, 6]);
      if (!Array.isArray(data)) expect(data.BYTES_PER_ELEMENT).to.equal(DATATYPES[name].bytesPerElement);
    });
  }

  it('slices by elements', () => {
    expect(sliceData(['a', 'b', 'c'], 1, 3)).to.deep.equal(['b', 'c']);
    expect(sliceData(Float32Array.of(1, 2, 3), 1, 2)).to.deep.equal(Float32Array.of(2));
  });
});
