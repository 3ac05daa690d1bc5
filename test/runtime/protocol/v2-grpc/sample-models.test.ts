import { expect } from 'chai';
import { inferV2 } from '../../../../runtime/infer-v2.ts';
import { Predictor } from '../../../../runtime/predictor.ts';
import { decodeV1Request } from '../../../../runtime/protocol/v1/decode-request.ts';
import { decodeElements } from '../../../../runtime/protocol/v2-binary/decode-elements.ts';
import { encodeElements } from '../../../../runtime/protocol/v2-binary/encode-elements.ts';
import { CONTENTS, decodeContents } from '../../../../runtime/protocol/v2-grpc/decode-contents.ts';
import { decodeInferRequest } from '../../../../runtime/protocol/v2-grpc/decode-request.ts';
import { encodeInferResponse } from '../../../../runtime/protocol/v2-grpc/encode-response.ts';
import { decodeInferMessage } from '../../../../runtime/protocol/v2-grpc/infer-message.ts';
import type { Datatype, NamedTensors, Tensor } from '../../../../runtime/tensor/tensor.ts';
import { decodeMessage, encodeMessage } from '../../../support/grpc-client.ts';
import { sampleModels } from '../../../support/models.ts';
import { bodyOf, serveSample } from '../../../support/served-model.ts';

/** Values as protobufjs takes them. */
function valuesOf({ datatype, data }: Tensor): unknown[] {
  if (Array.isArray(data)) return data.map((text) => Buffer.from(text));
  return Array.from(data as ArrayLike<number | bigint>, (value) =>
    datatype === 'BOOL' ? value === 1 : typeof value === 'bigint' ? String(value) : value,
  );
}

/** A `ModelInferRequest` of these tensors, encoded by protobufjs. */
function requestOf(feeds: NamedTensors, isRaw: boolean): Uint8Array {
  const inputs = [...feeds].map(([name, tensor]) => {
    const { datatype, shape } = tensor;
    const contents = { [CONTENTS[datatype]?.name ?? '']: valuesOf(tensor) };
    return { name, datatype, shape, ...(isRaw ? {} : { contents }) };
  });
  const raw = isRaw ? [...feeds.values()].map(encodeElements) : [];
  return encodeMessage('inference.ModelInferRequest', { model_name: 'm', id: '7', inputs, raw_input_contents: raw });
}

interface Answer {
  readonly id: string;
  readonly outputs: readonly {
    name: string;
    datatype: Datatype;
    shape?: readonly string[];
    contents?: Record<string, unknown>;
  }[];
  readonly raw_output_contents?: readonly Uint8Array[];
}

/** The tensors of a `ModelInferResponse`, decoded by protobufjs. */
function readAnswer(bytes: Uint8Array): NamedTensors {
  const answer = decodeMessage('inference.ModelInferResponse', bytes) as unknown as Answer;
  expect(answer.id).to.equal('7');
  return new Map(
    answer.outputs.map(({ name, datatype, shape: lengths = [], contents }, index) => {
      const shape = lengths.map(Number);
      const raw = answer.raw_output_contents?.[index];
      if (raw) return [name, decodeElements({ datatype, shape, bytes: raw }, { size: 'size', data: 'data' })];
      const typed = encodeMessage('inference.InferTensorContents', contents ?? {});
      return [name, decodeContents(typed, { datatype, shape, path: 'contents' })];
    }),
  );
}

/** Every sample model over gRPC, against the tensors that V2 in JSON answers from. */
describe('gRPC answers of the sample models', () => {
  for (const model of [...sampleModels('fixtures'), ...sampleModels('zoo')]) {
    it(model.name, async () => {
      await using served = await serveSample(model);
      const { signature, session } = served;
      const predictor = new Predictor({ session, signature, batching: { maxRows: 64, maxQueuedRows: 1024 } });
      const { feeds, rows } = decodeV1Request(bodyOf(model), signature);
      const names = signature.outputs.map(({ name }) => name);
      const results = await predictor.infer({ feeds, rows, outputs: names });
      const hasHalf = [...feeds.values()].some(({ datatype }) => datatype === 'FP16');
      for (const isRaw of hasHalf ? [true] : [false, true]) {
        const request = decodeInferRequest(decodeInferMessage(requestOf(feeds, isRaw)), signature);
        expect([request.isRaw, request.rows, request.feeds]).to.deep.equal([isRaw, rows, feeds]);
        const { outputs } = await inferV2({ predictor, signature }, request, {});
        const answer = { modelName: 'm', modelVersion: '1', id: request.id, outputs };
        const tensors = readAnswer(encodeInferResponse(answer, isRaw));
        expect([...tensors.keys()]).to.deep.equal(names);
        for (const [name, { datatype, shape, data }] of tensors) {
          const wanted = results.get(name)!;
          expect({ datatype, shape, data: [...data] }, name).to.deep.equal({ ...wanted, data: [...wanted.data] });
        }
      }
    });
  }
});
