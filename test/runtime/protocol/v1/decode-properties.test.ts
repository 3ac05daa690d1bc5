import { expect } from 'chai';
import * as fc from 'fast-check';
import { RequestError } from '../../../../runtime/errors.ts';
import type { ModelSignature } from '../../../../runtime/onnx/signature.ts';
import { decodeV1Request } from '../../../../runtime/protocol/v1/decode-request.ts';
import { stringifyJson } from '../../../../runtime/protocol/stringify-json.ts';
import { elementReader, type JsonValue, nestElements } from '../../../../runtime/tensor/element.ts';
import { elementCount, fitsShape } from '../../../../runtime/tensor/shape.ts';
import type { Tensor } from '../../../../runtime/tensor/tensor.ts';
import { SAMPLES, signatureOf } from '../../../support/signatures.ts';
import { arbitraryTensor, DATATYPE_NAMES } from '../../../support/tensors.ts';
import { MALFORMED } from './malformed-requests.ts';

/** One to four inputs of any datatype with up to three dimensions a row, some of them declared free, and rows for them. */
const modelWithRows = fc
  .record({
    rows: fc.integer({ min: 1, max: 5 }),
    inputs: fc.array(
      fc.record({
        datatype: fc.constantFrom(...DATATYPE_NAMES),
        tail: fc.array(fc.record({ length: fc.integer({ min: 1, max: 3 }), free: fc.boolean() }), { maxLength: 3 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .chain(({ rows, inputs }) =>
    fc.record({
      rows: fc.constant(rows),
      signature: fc.constant(
        signatureOf(
          inputs.map(({ datatype, tail }, index) => [
            `input ${index}`,
            datatype,
            [-1, ...tail.map(({ length, free }) => (free ? -1 : length))],
          ]),
        ),
      ),
      tensors: fc.tuple(
        ...inputs.map(({ datatype, tail }) => arbitraryTensor(datatype, [rows, ...tail.map(({ length }) => length)])),
      ),
    }),
  );

const nested = (tensor: Tensor): JsonValue[] => nestElements(elementReader(tensor), tensor.shape) as JsonValue[];

function expectDecoded(body: string, signature: ModelSignature, tensors: readonly Tensor[]): void {
  const { feeds } = decodeV1Request(body, signature);
  signature.inputs.forEach(({ name }, index) => {
    expect(feeds.get(name)).to.deep.equal(tensors[index]);
  });
}

/** Whatever was decoded must be fit to run: the declared datatype and shape, as many elements as the shape says. */
function expectFits(signature: ModelSignature, body: string): void {
  const { feeds, rows } = decodeV1Request(body, signature);
  for (const { name, datatype, shape } of signature.inputs) {
    const tensor = feeds.get(name);
    expect(tensor?.datatype).to.equal(datatype);
    expect(fitsShape(tensor?.shape ?? [], shape)).to.equal(true);
    expect(tensor?.data.length).to.equal(elementCount(tensor?.shape ?? []));
    if (signature.batched) expect(tensor?.shape[0]).to.equal(rows);
  }
}

/** @returns the code of the error, or `decoded` */
function outcome(signature: ModelSignature, body: string): string {
  try {
    expectFits(signature, body);
    return 'decoded';
  } catch (error) {
    if (error instanceof RequestError && error.status === 400 && /^[a-z]+[[.:]/.test(error.message)) return error.code;
    throw new Error(`a body was not refused as it should be: ${JSON.stringify(body)}`, { cause: error });
  }
}

describe('decodeV1Request, for all requests', () => {
  it('gives back the tensors that were written as rows', () => {
    fc.assert(
      fc.property(modelWithRows, ({ signature, tensors, rows }) => {
        const columns = tensors.map(nested);
        const named = Array.from(
          { length: rows },
          (_, row) => new Map(signature.inputs.map(({ name }, index) => [name, columns[index]?.[row] ?? null])),
        );
        expectDecoded(stringifyJson({ instances: named }), signature, tensors);
        if (tensors.length === 1) expectDecoded(stringifyJson({ instances: columns[0] ?? [] }), signature, tensors);
      }),
      { numRuns: 300 },
    );
  });

  it('gives back the tensors that were written as columns', () => {
    fc.assert(
      fc.property(modelWithRows, ({ signature, tensors }) => {
        const columns = new Map(signature.inputs.map(({ name }, index) => [name, nested(tensors[index] as Tensor)]));
        expectDecoded(stringifyJson({ inputs: columns }), signature, tensors);
      }),
      { numRuns: 300 },
    );
  });

  const models = fc.constantFrom(...Object.values(SAMPLES));

  it('decodes or refuses any JSON value in the place of rows', () => {
    const seen = new Map<string, number>();
    const body = fc.oneof(
      fc.record({ instances: fc.array(fc.jsonValue()) }),
      fc.record({
        instances: fc.array(
          fc.array(fc.oneof(fc.double(), fc.integer(), fc.string(), fc.constant(null)), { maxLength: 4 }),
        ),
      }),
      fc.record({
        inputs: fc.dictionary(fc.constantFrom('x', 'X', 'id', 'text', 'tokens', '__proto__'), fc.jsonValue()),
      }),
      fc.record({ inputs: fc.jsonValue(), parameters: fc.jsonValue(), outputs: fc.jsonValue() }, { requiredKeys: [] }),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(models, body, (signature, value) => {
        const result = outcome(signature, JSON.stringify(value));
        seen.set(result, (seen.get(result) ?? 0) + 1);
      }),
      { numRuns: 3000 },
    );
    expect([...seen.keys()].sort()).to.deep.equal(['InvalidInput', 'decoded']);
  });

  it('decodes or refuses good and bad bodies with characters changed', () => {
    const pieces = [
      '[',
      ']',
      '{',
      '}',
      '"',
      ',',
      ':',
      '-',
      '1e999',
      'NaN',
      'null',
      '\\',
      '9'.repeat(30),
      '\u0000',
      '\ud800',
      '0.5',
    ];
    const edit = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      remove: fc.integer({ min: 0, max: 3 }),
      insert: fc.constantFrom('', ...pieces),
    });
    const starts = [...MALFORMED.map(([, model, body]) => [model, body] as const), ...GOOD];
    fc.assert(
      fc.property(
        fc.constantFrom(...starts),
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        ([model, body], edits) => {
          const changed = edits.reduce((text, { at, remove, insert }) => {
            const position = Math.floor(at * text.length);
            return text.slice(0, position) + insert + text.slice(position + remove);
          }, body);
          outcome(SAMPLES[model], changed);
        },
      ),
      { numRuns: 4000 },
    );
  });

  it('decodes or refuses any bytes', () => {
    fc.assert(
      fc.property(models, fc.uint8Array({ maxLength: 60 }), (signature, bytes) => {
        const text = Buffer.concat([Buffer.from('{"instances": ['), bytes]);
        expect(() => decodeV1Request(text, signature)).to.throw(RequestError);
      }),
      { numRuns: 1000 },
    );
  });
});

const GOOD = [
  ['iris', '{"instances": [[5.1,3.5,1.4,0.2],[1,2,null,4]], "parameters": {"topK": 2}}'],
  ['customers', '{"instances": [{"age": 65, "monthly_fee": 16.0, "plan": "plus", "Amount (EUR)": 3}]}'],
  ['customers', '{"inputs": {"age": [1,2], "monthly_fee": [1,2], "plan": ["a","b"], "Amount (EUR)": [[1],[2]]}}'],
  ['wide', '{"instances": [9223372036854775807, -9007199254740993, 1e17]}'],
  ['tokens', '{"instances": [{"tokens": [1,2,3], "mask": [1,1,1]}, {"tokens": [1,2,3], "mask": [1,1,0]}]}'],
  ['unbatched', '{"inputs": {"matrix": [[1,2],[3,4]], "factor": 2}}'],
  ['text', '{"instances": ["a", {"b64": "w6Q="}]}'],
] as const;
