import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { RequestError } from '../../runtime/errors.ts';
import { inferV2 } from '../../runtime/infer-v2.ts';
import { Predictor } from '../../runtime/predictor.ts';
import { decodeV1Request } from '../../runtime/protocol/v1/decode-request.ts';
import { encodeV1Response } from '../../runtime/protocol/v1/encode-response.ts';
import { decodeV2Request } from '../../runtime/protocol/v2/decode-request.ts';
import { encodeV2Response } from '../../runtime/protocol/v2/encode-response.ts';
import { expectGolden } from '../support/golden-answers.ts';
import { sampleModel } from '../support/models.ts';
import { type ServedModel, serveSample } from '../support/served-model.ts';

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'http-api.md'), 'utf8');
const EXAMPLE = /<!-- example: (\S+)( v2)? -->\s+```json\n(.*?)```\s+```json\n(.*?)```/gs;

async function answer(body: string, { session, signature }: ServedModel): Promise<string> {
  const predictor = new Predictor({ session, signature, batching: { maxRows: 64, maxQueuedRows: 1024 } });
  try {
    const request = decodeV1Request(body, signature);
    const { form } = request;
    return encodeV1Response(await predictor.predict(request), { form, batched: signature.batched });
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return JSON.stringify({ error: error.message, code: error.code });
  }
}

async function answerV2(body: string, { session, signature }: ServedModel): Promise<string> {
  const predictor = new Predictor({ session, signature, batching: { maxRows: 64, maxQueuedRows: 1024 } });
  const request = decodeV2Request({ bytes: Buffer.from(body), jsonBytes: undefined }, signature);
  const response = await inferV2({ predictor, signature }, request, {});
  const model = { modelName: 'iris', modelVersion: '1718000000000000' };
  return encodeV2Response({ ...model, id: request.id, ...response }).body.toString();
}

describe('docs/http-api.md', () => {
  const examples = [...PAGE.matchAll(EXAMPLE)];

  it('marks every answer it shows', () => {
    expect(examples.length).to.equal(PAGE.split('```json').length / 2 - 0.5);
  });

  for (const [index, [, model = '', protocol, request = '', expected = '']] of examples.entries()) {
    it(`example ${index + 1}, ${model}`, async () => {
      await using served = await serveSample(sampleModel(model));
      const actual = await (protocol === undefined ? answer(request, served) : answerV2(request, served));
      expectGolden(JSON.parse(actual), JSON.parse(expected), 1e-5);
    });
  }
});
