import { expect } from 'chai';
import * as fc from 'fast-check';
import { RequestError } from '../../../../runtime/errors.ts';
import { decodeContents } from '../../../../runtime/protocol/v2-grpc/decode-contents.ts';
import { decodeInferRequest } from '../../../../runtime/protocol/v2-grpc/decode-request.ts';
import { encodeInferResponse } from '../../../../runtime/protocol/v2-grpc/encode-response.ts';
import { decodeInferMessage, decodeNameMessage } from '../../../../runtime/protocol/v2-grpc/infer-message.ts';
import type { Datatype, Tensor } from '../../../../runtime/tensor/tensor.ts';
import { decodeMessage, encodeMessage } from '../../../support/grpc-client.ts';
import { SAMPLES, signatureOf } from '../../../support/signatures.ts';
import { thrownBy } from '../../../support/thrown.ts';
import { MALFORMED_MESSAGES } from './malformed-messages.ts';

const REQUEST = 'inference.ModelInferRequest';

/** A tensor of each datatype with its extremes, and the same as protobufjs takes and gives it. */
const TENSORS: readonly (readonly [
  datatype: Datatype,
  field: string,
  sent: readonly unknown[],
  data: Tensor['data'],
])[] = [
  ['BOOL', 'bool_contents', [true, false, true], Uint8Array.of(1, 0, 1)],
  ['INT8', 'int_contents', [-128, 0, 127], Int8Array.of(-128, 0, 127)],
  ['INT16', 'int_contents', [-32_768, 5, 32_767], Int16Array.of(-32_768, 5, 32_767)],
  ['INT32', 'int_contents', [-(2 ** 31), 5, 2 ** 31 - 1], Int32Array.of(-(2 ** 31), 5, 2 ** 31 - 1)],
  [
    'INT64',
    'int64_contents',
    ['-9223372036854775808', '9007199254740993', '-1'],
    BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n, -1n),
  ],
  ['UINT8', 'uint_contents', [0, 1, 255], Uint8Array.of(0, 1, 255)],
  ['UINT16', 'uint_contents', [0, 1, 65_535], Uint16Array.of(0, 1, 65_535)],
  ['UINT32', 'uint_contents', [0, 1, 2 ** 32 - 1], Uint32Array.of(0, 1, 2 ** 32 - 1)],
  ['UINT64', 'uint64_contents', ['0', '18446744073709551615', '300'], BigUint64Array.of(0n, 2n ** 64n - 1n, 300n)],
  ['FP32', 'fp32_contents', [0.5, -0, Number.NaN], Float32Array.of(0.5, -0, Number.NaN)],
  ['FP64', 'fp64_contents', [0.1, Infinity, 5e-324], Float64Array.of(0.1, Infinity, 5e-324)],
  ['BYTES', 'bytes_contents', ['a', '', '😀'].map((text) => Buffer.from(text)), ['a', '', '😀']],
];

describe('gRPC codec', () => {
  for (const [datatype, field, sent, data] of TENSORS) {
    it(`reads and writes typed ${datatype} as protobufjs does`, () => {
      const contents = encodeMessage('inference.InferTensorContents', { [field]: sent });
      const tensor = decodeContents(contents, { datatype, shape: [3, 1], path: 'contents' });
      expect(tensor).to.deep.equal({ datatype, shape: [3, 1], data });
      const answer = { modelName: 'm', modelVersion: '1', id: undefined, outputs: [{ name: 'y', tensor }] };
      const { outputs } = decodeMessage('inference.ModelInferResponse', encodeInferResponse(answer, false));
      expect(outputs).to.deep.equal([{ name: 'y', datatype, shape: ['3', '1'], contents: { [field]: sent } }]);
    });
  }

  it('reads elements that are not packed, or in several pieces', () => {
    const context = { datatype: 'INT32', shape: [4], path: '' } as const;
    const data = Int32Array.of(7, 8, 9, 10);
    // Field 2: 7 alone, 8 and 9 packed, 10 alone.
    expect(decodeContents(Uint8Array.of(0x10, 7, 0x12, 2, 8, 9, 0x10, 10), context).data).to.deep.equal(data);
    // Field 6: 1.5 alone, 2.5 packed.
    const floats = Uint8Array.of(0x35, 0, 0, 0xc0, 0x3f, 0x32, 4, 0, 0, 0x20, 0x40);
    expect(decodeContents(floats, { datatype: 'FP32', shape: [2], path: '' }).data).to.deep.equal(
      Float32Array.of(1.5, 2.5),
    );
  });

  it('gives FP16 raw, whatever was asked for, and the other outputs with it', () => {
    const outputs: readonly { name: string; tensor: Tensor }[] = [
      { name: 'half', tensor: { datatype: 'FP16', shape: [1], data: Uint16Array.of(0x3c00) } },
      { name: 'text', tensor: { datatype: 'BYTES', shape: [1], data: ['ab'] } },
    ];
    const bytes = encodeInferResponse({ modelName: 'm', modelVersion: '1', id: undefined, outputs }, false);
    const answer = decodeMessage('inference.ModelInferResponse', bytes);
    expect(answer['raw_output_contents']).to.deep.equal([Buffer.of(0, 0x3c), Buffer.of(2, 0, 0, 0, 97, 98)]);
    expect(answer['outputs']).to.deep.include({ name: 'text', datatype: 'BYTES', shape: ['1'] });
  });

  it('gives warnings as a parameter', () => {
    const response = { modelName: 'm', modelVersion: '1', id: 'x', outputs: [], parameters: { warnings: 'careful' } };
    expect(decodeMessage('inference.ModelInferResponse', encodeInferResponse(response, true))).to.deep.equal({
      model_name: 'm',
      model_version: '1',
      id: 'x',
      parameters: { warnings: { string_param: 'careful' } },
    });
  });

  const signature = signatureOf([
    ['flag', 'BOOL', [-1]],
    ['tiny', 'INT8', [-1]],
    ['half', 'FP16', [-1]],
    ['text', 'BYTES', [-1]],
  ]);
  const contents: Record<string, object> = {
    flag: { bool_contents: [true] },
    tiny: { int_contents: [1] },
    half: { fp32_contents: [1] },
    text: { bytes_contents: [Buffer.from('a')] },
  };
  const ask = (own: Record<string, object>): RequestError => {
    const inputs = signature.inputs.map(({ name, datatype }) => {
      return { name, datatype, shape: [1], contents: own[name] ?? contents[name] };
    });
    const message = decodeInferMessage(encodeMessage(REQUEST, { inputs }));
    return thrownBy(RequestError, () => decodeInferRequest(message, signature));
  };
  const misfits: readonly (readonly [name: string, own: Record<string, object>, message: string])[] = [
    [
      'an integer out of range',
      { tiny: { int_contents: [128] } },
      'inputs[1].contents.int_contents[0]: expected an integer from -128 to 127, got the number 128',
    ],
    ['FP16 without raw contents', {}, 'inputs[2].contents: FP16 has no typed contents; send it in raw_input_contents'],
    [
      'integers for booleans',
      { flag: { int_contents: [1] } },
      'inputs[0].contents: expected bool_contents for BOOL, got int_contents',
    ],
  ];
  for (const [name, own, message] of misfits) {
    it(`refuses ${name}`, () => expect(ask(own).message).to.equal(message));
  }

  it('has many malformed messages', () => expect(MALFORMED_MESSAGES.length).to.be.at.least(60));
  for (const [name, model, message, error] of MALFORMED_MESSAGES) {
    it(`refuses ${name}, and says what to do`, () => {
      const refusal = thrownBy(RequestError, () => {
        decodeInferRequest(decodeInferMessage(encodeMessage(REQUEST, message)), SAMPLES[model]);
      });
      expect(refusal.message).to.equal(error);
      expect(refusal.code).to.equal('InvalidInput');
    });
  }

  it('refuses text that is no UTF-8', () => {
    const bytes = encodeMessage('inference.InferTensorContents', { bytes_contents: [Buffer.from('ff', 'hex')] });
    const context = { datatype: 'BYTES', shape: [1], path: 'contents' } as const;
    const { message } = thrownBy(RequestError, () => decodeContents(bytes, context));
    expect(message).to.match(/^contents\.bytes_contents\[0\]: expected UTF-8 text/);
  });

  const broken: readonly (readonly [name: string, hex: string])[] = [
    ['text that runs past the end', '0a05'],
    ['a varint without an end', 'ffffffffffffffffffffffff'],
    ['a number where text belongs', '0801'],
    ['half of a float', '2a070a0032002a023200'],
    ['an input that is a number', '2801'],
    ['a reserved wire type', '0f'],
    ['a group without an end', 'f301'],
  ];
  for (const [name, hex] of broken) {
    it(`refuses ${name}`, () => {
      const { code } = thrownBy(RequestError, () => {
        decodeInferRequest(decodeInferMessage(Buffer.from(hex, 'hex')), SAMPLES.iris);
      });
      expect(code).to.equal('InvalidInput');
    });
  }

  it('refuses a message of very many parts without making objects of all of them', () => {
    const parts = Buffer.from('2a00'.repeat(100_001), 'hex');
    expect(thrownBy(RequestError, () => decodeInferMessage(parts)).message).to.match(/^message: has more than 100000/);
  });

  it('takes parameters of every kind, and fields of a later protocol', () => {
    const parameters = {
      yes: { bool_param: true },
      wide: { int64_param: '-9007199254740993' },
      text: { string_param: 'a' },
      real: { double_param: 0.5 },
      large: { uint64_param: '18446744073709551615' },
    };
    const bytes = Buffer.concat([encodeMessage(REQUEST, { parameters }), Buffer.from('9a0601ff', 'hex')]);
    expect(decodeInferMessage(bytes).document['parameters']).to.deep.equal({
      yes: true,
      wide: -9007199254740993n,
      text: 'a',
      real: 0.5,
      large: 18446744073709551615n,
    });
  });

  it('answers every bytes with a request or InvalidInput', () => {
    const good = encodeMessage(REQUEST, {
      model_name: 'm',
      inputs: [{ name: 'X', datatype: 'FP32', shape: [1, 4], contents: { fp32_contents: [1, 2, 3, 4] } }],
      outputs: [{ name: 'label' }],
    });
    const edits = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 });
    const mutated = edits.map((changes) => {
      const bytes = Uint8Array.from(good);
      for (const [index, byte] of changes) bytes[index] = byte;
      return bytes;
    });
    const outcome = (bytes: Uint8Array): string => {
      try {
        decodeNameMessage(bytes, 'ModelReadyRequest');
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
      }
      try {
        decodeInferRequest(decodeInferMessage(bytes), SAMPLES.iris);
        return 'decoded';
      } catch (error) {
        return error instanceof RequestError ? error.code : String(error);
      }
    };
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 64 })), (bytes) => {
        expect(outcome(bytes)).to.be.oneOf(['decoded', 'InvalidInput']);
      }),
      { numRuns: 2000 },
    );
  });
});
