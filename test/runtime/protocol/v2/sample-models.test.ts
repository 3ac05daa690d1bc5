import { expect } from 'chai';
import { Predictor } from '../../../../runtime/predictor.ts';
import { makePresenter } from '../../../../runtime/presentation/presenter.ts';
import { parseJsonExactly } from '../../../../runtime/protocol/parse-json.ts';
import { stringifyJson } from '../../../../runtime/protocol/stringify-json.ts';
import { decodeV1Request } from '../../../../runtime/protocol/v1/decode-request.ts';
import { decodeV2Request, type V2Body } from '../../../../runtime/protocol/v2/decode-request.ts';
import { encodeV2Response } from '../../../../runtime/protocol/v2/encode-response.ts';
import { encodeElements } from '../../../../runtime/protocol/v2-binary/encode-elements.ts';
import { decodeElements } from '../../../../runtime/protocol/v2-binary/decode-elements.ts';
import { elementWriter } from '../../../../runtime/protocol/element-writer.ts';
import { allocateData } from '../../../../runtime/tensor/datatype.ts';
import { elementReader, type JsonValue } from '../../../../runtime/tensor/element.ts';
import type { Datatype, NamedTensors, Tensor } from '../../../../runtime/tensor/tensor.ts';
import { expectGolden, goldenAnswers } from '../../../support/golden-answers.ts';
import { sampleModels } from '../../../support/models.ts';
import { bodyOf, serveSample } from '../../../support/served-model.ts';

/** The feeds as a V2 request, in JSON or in binary, asking for the answer in the same way. */
function requestOf(feeds: NamedTensors, binary: boolean): V2Body {
  const rest: Uint8Array[] = [];
  const inputs = [...feeds].map(([name, tensor]): Record<string, JsonValue> => {
    const { datatype, shape, data } = tensor;
    const header = { name, datatype, shape };
    if (!binary)
      return { ...header, data: Array.from({ length: data.length }, (_, index) => elementReader(tensor)(index)) };
    const bytes = encodeElements(tensor);
    rest.push(bytes);
    return { ...header, parameters: { binary_data_size: bytes.byteLength } };
  });
  const json = Buffer.from(stringifyJson({ id: '7', inputs, parameters: { binary_data_output: binary } }));
  return { bytes: Buffer.concat([json, ...rest]), jsonBytes: binary ? json.length : undefined };
}

interface AnswerInJson {
  readonly id: string;
  readonly outputs: readonly {
    readonly name: string;
    readonly datatype: Datatype;
    readonly shape: readonly number[];
    readonly data?: readonly unknown[];
    readonly parameters?: { readonly binary_data_size: number };
  }[];
}

/** The tensors of an answer, as a client reads them. */
function readAnswer({ body, jsonBytes }: { body: string | Uint8Array; jsonBytes: number | undefined }): NamedTensors {
  const bytes = Buffer.from(body);
  const answer = parseJsonExactly(bytes.toString('utf8', 0, jsonBytes)) as AnswerInJson;
  expect(answer.id).to.equal('7');
  let offset = jsonBytes ?? bytes.length;
  return new Map(
    answer.outputs.map(({ name, datatype, shape, data, parameters }): [string, Tensor] => {
      if (!data) {
        const size = parameters?.binary_data_size ?? 0;
        offset += size;
        const raw = { datatype, shape, bytes: bytes.subarray(offset - size, offset) };
        return [name, decodeElements(raw, { size: 'size', data: 'data' })];
      }
      const values = allocateData(datatype, data.length);
      const write = elementWriter(datatype, values, true);
      data.forEach((value, index) => expect(write(index, value)).to.equal(undefined));
      return [name, { datatype, shape, data: values }];
    }),
  );
}

/** Every sample model over V2, against what its own library answers and what V1 answers. */
describe('V2 answers of the sample models', () => {
  for (const model of [...sampleModels('fixtures'), ...sampleModels('zoo')]) {
    it(model.name, async () => {
      await using served = await serveSample(model);
      const { signature, session } = served;
      const predictor = new Predictor({ session, signature, batching: { maxRows: 64, maxQueuedRows: 1024 } });
      const v1 = decodeV1Request(bodyOf(model), signature);
      const { predictions } = await predictor.predict(v1);
      // The presenter is asked to read labels from the tensor itself: a V2 client has no other.
      const presentation = asGiven(signature.presentation);
      for (const binary of [false, true]) {
        const request = decodeV2Request(requestOf(v1.feeds, binary), signature);
        expect([request.rows, request.feeds]).to.deep.equal([v1.rows, v1.feeds]);
        const results = await predictor.infer({ ...request, outputs: request.outputs.map(({ name }) => name) });
        const outputs = request.outputs.map((wanted) => ({ ...wanted, tensor: results.get(wanted.name)! }));
        const answer = encodeV2Response({ modelName: model.name, modelVersion: '1', id: request.id, outputs });
        const tensors = readAnswer(answer);
        expect([...tensors.keys()]).to.deep.equal(signature.outputs.map(({ name }) => name));
        const presented = makePresenter(presentation).present(tensors, request.rows);
        expect(stringifyJson(presented)).to.equal(stringifyJson(predictions));
        expectGolden(presented, goldenAnswers(model), model.tolerance, binary ? 'binary' : 'JSON');
      }
    });
  }
});

/** The same presentation, with labels that count as right. */
function asGiven(presentation: Parameters<typeof makePresenter>[0]): Parameters<typeof makePresenter>[0] {
  if (presentation.task !== 'classification') return presentation;
  const [first, ...rest] = presentation.targets.map((target) => ({ ...target, recomputeLabel: false }));
  return first ? { ...presentation, targets: [first, ...rest] } : presentation;
}
