import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { createConfig, lintFromString, type NormalizedProblem } from '@redocly/openapi-core';
import { expect } from 'chai';
import { exampleRequest } from '../../../runtime/docs/example-request.ts';
import { openApiDocument } from '../../../runtime/docs/openapi.ts';
import { stringifyJson } from '../../../runtime/protocol/stringify-json.ts';
import { makeWarmUpFeeds } from '../../../runtime/session/warm-up-feeds.ts';
import type { NamedTensors } from '../../../runtime/tensor/tensor.ts';
import { startModelServer } from '../../support/model-server.ts';
import { sampleModels } from '../../support/models.ts';
import { bodyOf, serveSample, type ServedModel } from '../../support/served-model.ts';
import { classifierOf, SAMPLES } from '../../support/signatures.ts';

const GENERATION = '1718000000000000';
const NAME = 'ü {model}/"<b>"';

/** The linter's recommended rules. Health checks and lists have no client errors; all other rules hold. */
const LINT_CONFIG = createConfig({ extends: ['recommended'], rules: { 'operation-4xx-response': 'off' } });

async function lint(source: string): Promise<string[]> {
  const problems = await lintFromString({ source, config: await LINT_CONFIG });
  return problems.map(({ ruleId, message, location }: NormalizedProblem) => {
    return `${ruleId}: ${message} at ${location[0]?.pointer}`;
  });
}

/** What a client that checks bodies against the document would see. */
class Contract {
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false });
  constructor(document: object) {
    this.#ajv.addSchema(document, 'openapi.json');
  }
  check(schema: string, value: unknown): void {
    const validate = this.#ajv.getSchema(`openapi.json#/components/schemas/${schema}`) as ValidateFunction;
    validate(value);
    expect(validate.errors ?? [], `${schema}: ${JSON.stringify(value).slice(0, 300)}`).to.deep.equal([]);
  }
  takes(schema: string, value: unknown): boolean {
    const validate = this.#ajv.getSchema(`openapi.json#/components/schemas/${schema}`) as ValidateFunction;
    return validate(value);
  }
}

/** As at warm-up: the first feeds that the model takes. */
async function takenFeeds({ signature, session }: ServedModel): Promise<NamedTensors | undefined> {
  for (const feeds of makeWarmUpFeeds(signature, 1)) {
    const outputs = await session.run(feeds, signature.presentation.outputs).catch(() => undefined);
    if (outputs) return feeds;
  }
  return undefined;
}

interface Document {
  readonly paths: Readonly<Record<string, Operations>>;
}
type Operations = Readonly<Record<string, { readonly requestBody?: { content: { 'application/json': Media } } }>>;
interface Media {
  readonly example?: unknown;
}

describe('OpenAPI of the sample models', function () {
  this.timeout(30_000);
  for (const model of [...sampleModels('fixtures'), ...sampleModels('zoo')]) {
    it(`${model.name}: is clean, and tells what is taken and given`, async () => {
      await using served = await serveSample(model);
      const { signature } = served;
      const request = exampleRequest(signature, { golden: undefined, feeds: await takenFeeds(served) });
      // A model that takes no made-up row has golden.json, if anything.
      const example = request === undefined ? bodyOf(model, 1) : stringifyJson(request);
      await using server = await startModelServer({ ...served, name: NAME, example });

      const { text } = await server.call('/openapi.json');
      expect(await lint(text)).to.deep.equal([]);
      const document = JSON.parse(text) as Document;
      const contract = new Contract(document);

      for (const body of [example, bodyOf(model, signature.batched ? undefined : 1)]) {
        contract.check('PredictRequest', JSON.parse(body));
        const answer = await server.call('/predict', body);
        expect(answer.status, answer.text).to.equal(200);
        contract.check('RowsAnswer', JSON.parse(answer.text));
      }
      const outputs = signature.outputs.map(({ name }) => name);
      const raw = await server.call('/predict', `${example.slice(0, -1)}, "outputs": ${JSON.stringify(outputs)}}`);
      contract.check('RowsAnswer', JSON.parse(raw.text));

      let examples = 0;
      for (const [path, operations] of Object.entries(document.paths)) {
        const shown = operations['post']?.requestBody?.content['application/json'].example;
        if (shown === undefined) continue;
        examples += 1;
        const answer = await server.call(path, JSON.stringify(shown));
        expect(answer.status, `${path}: ${answer.text}`).to.equal(200);
        contract.check(path.endsWith('/infer') ? 'InferAnswer' : 'PredictAnswer', JSON.parse(answer.text));
        contract.check(path.endsWith('/infer') ? 'InferRequest' : 'PredictRequest', shown);
      }
      expect(examples).to.equal(example.length > 20_000 ? 0 : 3);
    });
  }
});

describe('openApiDocument', () => {
  const documentOf = (signature: (typeof SAMPLES)[keyof typeof SAMPLES]): Contract => {
    const model = { name: 'm', generation: GENERATION, signature, example: undefined };
    return new Contract(JSON.parse(stringifyJson(openApiDocument(model, '1'))) as object);
  };

  for (const [name, signature, body] of [
    ['a row that is too short', SAMPLES.iris, { instances: [[1, 2, 3]] }],
    ['text for a number', SAMPLES.iris, { instances: [['a', 2, 3, 4]] }],
    ['no rows', SAMPLES.iris, { instances: [] }],
    ['rows and columns', SAMPLES.iris, { instances: [[1, 2, 3, 4]], inputs: { X: [[1, 2, 3, 4]] } }],
    ['an unknown output', SAMPLES.iris, { instances: [[1, 2, 3, 4]], outputs: ['nope'] }],
    ['a topK of zero', SAMPLES.iris, { instances: [[1, 2, 3, 4]], parameters: { topK: 0 } }],
    ['a missing column', SAMPLES.customers, { instances: [{ age: 1, monthly_fee: 2, plan: '' }] }],
    ['an integer out of range', SAMPLES.small, { instances: [[1, 128]] }],
    [
      'several whole inputs',
      SAMPLES.vector,
      {
        instances: [
          [1, 2, 3],
          [1, 2, 3],
        ],
      },
    ],
  ] as const) {
    it(`does not allow ${name}`, () => {
      expect(documentOf(signature).takes('PredictRequest', body)).to.equal(false);
    });
  }

  for (const [name, signature, body] of [
    ['columns', SAMPLES.iris, { inputs: { X: [[1, 2, 3, 4]] } }],
    ['a missing number', SAMPLES.iris, { instances: [[null, 2, 3, 4]], parameters: { topK: 1 } }],
    ['any length of a free dimension', SAMPLES.tokens, { instances: [{ tokens: [1, 2, 3], mask: [1, 1, 1] }] }],
    ['a column as a list of one', SAMPLES.text, { instances: [['a'], 'b'] }],
  ] as const) {
    it(`allows ${name}`, () => {
      expect(documentOf(signature).takes('PredictRequest', body)).to.equal(true);
    });
  }

  it('keeps whatever an input is called', async () => {
    const names = ['constructor', 'a/b~c', '<script>', '$ref', '1', '0'];
    const signature = classifierOf(names.map((name) => [name, 'FP32', [-1, 1]] as const));
    const model = { name: '</title>', generation: GENERATION, signature, example: undefined };
    const text = stringifyJson(openApiDocument(model, '1'));
    expect(await lint(text)).to.deep.equal([]);
    const body = JSON.parse(`{"instances": [{${names.map((name) => `${JSON.stringify(name)}: 1`).join(', ')}}]}`);
    const contract = new Contract(JSON.parse(text) as object);
    contract.check('PredictRequest', body);
    expect(contract.takes('PredictRequest', { instances: [{ a: 1 }] })).to.equal(false);
  });
});
