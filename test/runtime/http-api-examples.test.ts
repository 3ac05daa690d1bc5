import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { RequestError } from '../../runtime/errors.ts';
import { Predictor } from '../../runtime/predictor.ts';
import { decodeV1Request } from '../../runtime/protocol/v1/decode-request.ts';
import { encodeV1Response } from '../../runtime/protocol/v1/encode-response.ts';
import { expectGolden } from '../support/golden-answers.ts';
import { sampleModel } from '../support/models.ts';
import { type ServedModel, serveSample } from '../support/served-model.ts';

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'http-api.md'), 'utf8');
const EXAMPLE = /<!-- example: (\S+) -->\s+```json\n(.*?)```\s+```json\n(.*?)```/gs;

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

describe('docs/http-api.md', () => {
  const examples = [...PAGE.matchAll(EXAMPLE)];

  it('marks every answer it shows', () => {
    expect(examples.length).to.equal(PAGE.split('```json').length / 2 - 0.5);
  });

  for (const [index, [, model = '', request = '', expected = '']] of examples.entries()) {
    it(`example ${index + 1}, ${model}`, async () => {
      await using served = await serveSample(sampleModel(model));
      expectGolden(JSON.parse(await answer(request, served)), JSON.parse(expected), 1e-5);
    });
  }
});
