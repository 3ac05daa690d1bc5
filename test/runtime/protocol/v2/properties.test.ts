import { expect } from 'chai';
import * as fc from 'fast-check';
import { RequestError } from '../../../../runtime/errors.ts';
import type { ModelSignature } from '../../../../runtime/onnx/signature.ts';
import { stringifyJson } from '../../../../runtime/protocol/stringify-json.ts';
import { jsonLengthOf } from '../../../../runtime/protocol/v2-binary/body.ts';
import { decodeElements } from '../../../../runtime/protocol/v2-binary/decode-elements.ts';
import { encodeElements } from '../../../../runtime/protocol/v2-binary/encode-elements.ts';
import { decodeV2Request, type V2Body } from '../../../../runtime/protocol/v2/decode-request.ts';
import { encodeV2Response } from '../../../../runtime/protocol/v2/encode-response.ts';
import { elementReader, type JsonValue, nestElements } from '../../../../runtime/tensor/element.ts';
import { elementCount, fitsShape } from '../../../../runtime/tensor/shape.ts';
import type { Datatype, Tensor } from '../../../../runtime/tensor/tensor.ts';
import { SAMPLES, signatureOf } from '../../../support/signatures.ts';
import { arbitraryTensor, DATATYPE_NAMES } from '../../../support/tensors.ts';
import { JSON_LENGTH, MALFORMED_BINARY } from './malformed-binary-requests.ts';
import { MALFORMED } from './malformed-requests.ts';

/** How a tensor is written into a request. */
type Form = 'flat' | 'nested' | 'binary';
const forms = fc.constantFrom<Form>('flat', 'nested', 'binary');

/** One to four inputs of any datatype with up to three more dimensions, some of them declared free, and rows for them. */
const modelWithRows = fc
  .record({
    rows: fc.integer({ min: 1, max: 5 }),
    inputs: fc.array(
      fc.record({
        datatype: fc.constantFrom(...DATATYPE_NAMES),
        tail: fc.array(fc.record({ length: fc.integer({ min: 1, max: 3 }), free: fc.boolean() }), { maxLength: 3 }),
        form: forms,
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
      forms: fc.constant(inputs.map(({ form }) => form)),
      tensors: fc.tuple(
        ...inputs.map(({ datatype, tail }) => arbitraryTensor(datatype, [rows, ...tail.map(({ length }) => length)])),
      ),
    }),
  );

/** A request body of these tensors, written without the code under test but for the bytes of an element. */
function bodyOf(signature: ModelSignature, tensors: readonly Tensor[], forms: readonly Form[]): V2Body {
  const rest: Uint8Array[] = [];
  const inputs = signature.inputs.map(({ name, datatype }, index): Record<string, JsonValue> => {
    const tensor = tensors[index] as Tensor;
    const header = { name, datatype, shape: tensor.shape };
    if (forms[index] === 'binary') {
      const bytes = encodeElements(tensor);
      rest.push(bytes);
      return { ...header, parameters: { binary_data_size: bytes.byteLength } };
    }
    const nesting = forms[index] === 'nested' ? tensor.shape : [elementCount(tensor.shape)];
    return { ...header, data: nestElements(elementReader(tensor), nesting) };
  });
  const json = Buffer.from(stringifyJson({ inputs }));
  return { bytes: Buffer.concat([json, ...rest]), jsonBytes: rest.length === 0 ? undefined : json.length };
}

/** Whatever was decoded must be fit to run: the declared datatype and shape, as many elements as the shape says. */
function expectFits(signature: ModelSignature, body: V2Body): void {
  const { feeds, rows, outputs } = decodeV2Request(body, signature);
  expect(feeds.size).to.equal(signature.inputs.length);
  for (const { name, datatype, shape } of signature.inputs) {
    const tensor = feeds.get(name);
    expect(tensor?.datatype).to.equal(datatype);
    expect(fitsShape(tensor?.shape ?? [], shape)).to.equal(true);
    expect(tensor?.data.length).to.equal(elementCount(tensor?.shape ?? []));
    if (signature.batched) expect(tensor?.shape[0]).to.equal(rows);
  }
  const known = signature.outputs.map(({ name }) => name);
  expect(outputs.length).to.be.greaterThan(0);
  expect(known).to.include.members(outputs.map(({ name }) => name));
}

/** @returns the code of the error, or `decoded` */
function outcome(signature: ModelSignature, bytes: Uint8Array, jsonLength: string | undefined): string {
  try {
    expectFits(signature, { bytes, jsonBytes: jsonLengthOf({ jsonLength, contentType: undefined }, bytes.length) });
    return 'decoded';
  } catch (error) {
    const isRefused = error instanceof RequestError && error.status === 400;
    if (isRefused && /^[A-Za-z-]+(: 0)?[[.:]/.test(error.message)) return error.code;
    const body = Buffer.from(bytes).toString('latin1');
    throw new Error(`a body was not refused as it should be: ${JSON.stringify(body)}`, { cause: error });
  }
}

describe('V2, for all tensors', () => {
  it('decodes what was sent, in JSON flat or nested, in binary, or mixed', () => {
    fc.assert(
      fc.property(modelWithRows, ({ signature, tensors, rows, forms }) => {
        const decoded = decodeV2Request(bodyOf(signature, tensors, forms), signature);
        expect(decoded.rows).to.equal(rows);
        signature.inputs.forEach(({ name }, index) => {
          expect(decoded.feeds.get(name)).to.deep.equal(tensors[index]);
        });
      }),
      { numRuns: 200 },
    );
  });

  for (const datatype of DATATYPE_NAMES) {
    const tensors = fc
      .array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 })
      .chain((shape) => arbitraryTensor(datatype, shape));

    it(`gives ${datatype} back bit by bit after encoding and decoding its bytes`, () => {
      fc.assert(
        fc.property(tensors, (tensor) => {
          const bytes = encodeElements(tensor);
          const { shape } = tensor;
          expect(decodeElements({ datatype, shape, bytes }, { size: 'size', data: 'data' })).to.deep.equal(tensor);
        }),
      );
    });

    it(`gives ${datatype} of an answer back to the next request, in JSON and in binary`, () => {
      const signature = signatureOf([['x', datatype, undefined]], undefined, { batched: false });
      fc.assert(
        fc.property(filled(datatype), fc.boolean(), (tensor, binary) => {
          const outputs = [{ name: 'x', tensor, binary }];
          const answer = encodeV2Response({ modelName: 'm', modelVersion: '1', id: undefined, outputs });
          const text = Buffer.from(answer.body);
          // An answer's outputs are tensors as requests hold them.
          const json = text.toString('utf8', 0, answer.jsonBytes).replace('"outputs":', '"inputs":');
          const rest = text.subarray(answer.jsonBytes ?? text.length);
          const bytes = Buffer.concat([Buffer.from(json), rest]);
          const jsonBytes = answer.jsonBytes === undefined ? undefined : Buffer.byteLength(json);
          expect(decodeV2Request({ bytes, jsonBytes }, signature).feeds.get('x')).to.deep.equal(tensor);
        }),
      );
    });
  }
});

/** Tensors of at least one element. */
function filled(datatype: Datatype): fc.Arbitrary<Tensor> {
  return fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }).chain((shape) => arbitraryTensor(datatype, shape));
}

describe('decodeV2Request, for all requests', () => {
  const models = fc.constantFrom(...Object.values(SAMPLES));
  const count = (seen: Map<string, number>, result: string): void => void seen.set(result, (seen.get(result) ?? 0) + 1);

  it('decodes or refuses any JSON value in the place of a field', () => {
    const seen = new Map<string, number>();
    const dimension = fc.oneof(fc.integer({ min: -1, max: 4 }), fc.jsonValue());
    const names = fc.constantFrom('X', 'x', 'id', 'text', 'v', 'tokens', 'mask', 'image', '__proto__');
    const element = fc.oneof(fc.double(), fc.integer(), fc.string(), fc.constant(null), fc.boolean());
    const input = fc.record(
      {
        name: fc.oneof({ weight: 4, arbitrary: names }, fc.jsonValue()),
        datatype: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...DATATYPE_NAMES) }, fc.jsonValue()),
        shape: fc.oneof({ weight: 4, arbitrary: fc.array(dimension, { maxLength: 4 }) }, fc.jsonValue()),
        data: fc.oneof(fc.array(element, { maxLength: 8 }), fc.array(fc.array(element)), fc.jsonValue()),
        parameters: fc.oneof(fc.constant(null), fc.record({ binary_data_size: fc.jsonValue() }), fc.jsonValue()),
      },
      { requiredKeys: ['name'] },
    );
    const body = fc.record(
      {
        inputs: fc.oneof({ weight: 5, arbitrary: fc.array(input, { maxLength: 3 }) }, fc.jsonValue()),
        id: fc.oneof(fc.constant(null), fc.jsonValue()),
        parameters: fc.oneof(fc.constant(null), fc.jsonValue()),
        outputs: fc.oneof(fc.constant(null), fc.array(fc.record({ name: fc.string(), parameters: fc.jsonValue() }))),
      },
      { requiredKeys: ['inputs'] },
    );
    fc.assert(
      fc.property(models, body, fc.constantFrom(undefined, '0', '10'), (signature, value, jsonLength) => {
        count(seen, outcome(signature, Buffer.from(JSON.stringify(value)), jsonLength));
      }),
      { numRuns: 1500 },
    );
    expect([...seen.keys()].sort()).to.deep.equal(['InvalidInput', 'decoded']);
  });

  // prettier-ignore
  const pieces = ['[', ']', '{', '}', '"', ',', ':', '-', '0', '1e999', 'NaN', 'null', '\\', '9'.repeat(30), '\u0000', '\u00ff', '0.5', '"shape"', '4294967295'];
  const edits = fc.array(
    fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      remove: fc.integer({ min: 0, max: 3 }),
      insert: fc.constantFrom('', ...pieces),
    }),
    { minLength: 1, maxLength: 4 },
  );
  const edited = (text: string, changes: readonly { at: number; remove: number; insert: string }[]): Buffer => {
    const apply = (current: string, { at, remove, insert }: { at: number; remove: number; insert: string }): string => {
      const position = Math.floor(at * current.length);
      return current.slice(0, position) + insert + current.slice(position + remove);
    };
    // One character is one byte.
    return Buffer.from(changes.reduce(apply, text), 'latin1');
  };

  it('decodes or refuses bodies with bytes changed, whatever length of JSON is said', () => {
    const seen = new Map<string, number>();
    const starts = [
      ...MALFORMED.map(([, model, body]) => ({ model, body, length: undefined })),
      ...MALFORMED_BINARY.map(([, model, json, hex, length]) => ({
        model,
        body: json + Buffer.from(hex, 'hex').toString('latin1'),
        length: length === JSON_LENGTH ? String(json.length) : length,
      })),
    ];
    fc.assert(
      fc.property(fc.constantFrom(...starts), edits, fc.integer({ min: -2, max: 2 }), (start, changes, shift) => {
        const length =
          start.length !== undefined && /^\d+$/.test(start.length)
            ? String(Number(start.length) + shift)
            : start.length;
        count(seen, outcome(SAMPLES[start.model], edited(start.body, changes), length));
      }),
      { numRuns: 3000 },
    );
    expect(seen.get('InvalidInput')).to.be.greaterThan(1000);
  });

  it('decodes or refuses good requests with bytes changed', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(modelWithRows, edits, ({ signature, tensors, forms }, changes) => {
        const { bytes, jsonBytes } = bodyOf(signature, tensors, forms);
        const changed = edited(Buffer.from(bytes).toString('latin1'), changes);
        count(seen, outcome(signature, changed, jsonBytes === undefined ? undefined : String(jsonBytes)));
      }),
      { numRuns: 1500 },
    );
    expect([...seen.keys()].sort()).to.deep.equal(['InvalidInput', 'decoded']);
  });

  it('decodes or refuses any bytes', () => {
    fc.assert(
      fc.property(
        models,
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom(undefined, '0', '1', '40'),
        (signature, bytes, length) => {
          outcome(signature, bytes, length);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
