import { expect } from 'chai';
import { RequestError } from '../../../../runtime/errors.ts';
import { jsonLengthOf } from '../../../../runtime/protocol/v2-binary/body.ts';
import { decodeV2Request, type V2Request } from '../../../../runtime/protocol/v2/decode-request.ts';
import { elementReader, type JsonValue, nestElements } from '../../../../runtime/tensor/element.ts';
import { SAMPLES, signatureOf } from '../../../support/signatures.ts';
import { thrownBy } from '../../../support/thrown.ts';
import { JSON_LENGTH, type JsonLength, MALFORMED_BINARY, request } from './malformed-binary-requests.ts';
import { MALFORMED } from './malformed-requests.ts';

type Model = keyof typeof SAMPLES;

const decode = (body: string, model: Model): V2Request =>
  decodeV2Request({ bytes: Buffer.from(body), jsonBytes: undefined }, SAMPLES[model]);

function decodeBinary(json: string, rest: Uint8Array, length: JsonLength, model: Model): V2Request {
  const bytes = Buffer.concat([Buffer.from(json), rest]);
  const jsonLength = length === JSON_LENGTH ? String(Buffer.byteLength(json)) : length;
  const jsonBytes = jsonLengthOf({ jsonLength, contentType: 'application/octet-stream' }, bytes.length);
  return decodeV2Request({ bytes, jsonBytes }, SAMPLES[model]);
}

/** Feeds as nested lists; the elements of INT64 and UINT64 as number where exact. */
function values({ feeds }: V2Request): Record<string, JsonValue> {
  return Object.fromEntries(
    [...feeds].map(([name, tensor]) => [name, nestElements(elementReader(tensor), tensor.shape)]),
  );
}

/** One JSON tensor. */
const tensor = (name: string, datatype: string, shape: string, data: string): string =>
  `{"name": "${name}", "datatype": "${datatype}", "shape": ${shape}, "data": ${data}}`;
const inputs = (...tensors: readonly string[]): string => `"inputs": [${tensors.join(', ')}]`;
const X = inputs(tensor('X', 'FP32', '[1,4]', '[1,2,3,4]'));
const COLUMNS = [tensor('monthly_fee', 'FP32', '[1,1]', '[16.5]'), tensor('plan', 'BYTES', '[1,1]', '["plus"]')];
const CUSTOMER_VALUES = { age: [[65]], monthly_fee: [[16.5]], plan: [['plus']], Amount__EUR_: [[3]] };

/** [1,2,3,4] as FP32. */
const FLOATS = Buffer.from(Float32Array.of(1, 2, 3, 4).buffer);

describe('decodeV2Request', () => {
  describe('takes', () => {
    // prettier-ignore
    const accepted: readonly (readonly [name: string, model: Model, body: string, feeds: Record<string, JsonValue>])[] = [
      ['flat data', 'iris', `{${inputs(tensor('X', 'FP32', '[2,4]', '[1,2,3,4,5,6,7,8.5]'))}}`, { X: [[1, 2, 3, 4], [5, 6, 7, 8.5]] }],
      ['nested data', 'iris', `{${inputs(tensor('X', 'FP32', '[2,4]', '[[1,2,3,4],[5,6,7,8.5]]'))}}`, { X: [[1, 2, 3, 4], [5, 6, 7, 8.5]] }],
      ['flat images', 'image', `{${inputs(tensor('image', 'UINT8', '[1,2,3]', '[0,1,2,3,4,255]'))}}`, { image: [[[0, 1, 2], [3, 4, 255]]] }],
      ['nested images', 'image', `{${inputs(tensor('image', 'UINT8', '[1,2,3]', '[[[0,1,2],[3,4,255]]]'))}}`, { image: [[[0, 1, 2], [3, 4, 255]]] }],
      ['keys of other servers', 'iris', `{"model_name": "m", "timeout": 3, "parameters": {"priority": 1, "headers": {}}, ${X}}`, { X: [[1, 2, 3, 4]] }],
      ['null for what may be absent', 'iris', `{"id": null, "parameters": null, "outputs": null, "inputs": [{"name": "X", "shape": [1,4], "datatype": "FP32", "parameters": null, "data": [1,2,3,4]}]}`, { X: [[1, 2, 3, 4]] }],
      ['parameters it does not know', 'text', '{"inputs": [{"name": "text", "shape": [1,1], "datatype": "BYTES", "parameters": {"content_type": "str"}, "data": ["a"]}]}', { text: [['a']] }],
      ['NaN and infinities', 'iris', `{${inputs(tensor('X', 'FP32', '[1,4]', '[null,"NaN",Infinity,"-Infinity"]'))}}`, { X: [[Number.NaN, Number.NaN, Infinity, -Infinity]] }],
      ['inputs in any order', 'customers', `{${inputs(...COLUMNS.toReversed(), tensor('Amount__EUR_', 'FP64', '[1,1]', '[3]'), tensor('age', 'INT64', '[1,1]', '[65]'))}}`, CUSTOMER_VALUES],
      ['the column names of the user', 'customers', `{${inputs(...COLUMNS, tensor('Amount (EUR)', 'FP64', '[1,1]', '[3]'), tensor('age', 'INT64', '[1,1]', '[65]'))}}`, CUSTOMER_VALUES],
      ['columns without their dimension of 1', 'customers', `{${inputs(...COLUMNS, tensor('Amount (EUR)', 'FP64', '[1]', '[3]'), tensor('age', 'INT64', '[1]', '[65]'))}}`, CUSTOMER_VALUES],
      ['a dimension of 1 too many', 'double', `{${inputs(tensor('x', 'FP64', '[2,1]', '[[1],[0.1]]'))}}`, { x: [1, 0.1] }],
      ['free dimensions', 'tokens', `{${inputs(tensor('tokens', 'INT64', '[2,3]', '[1,2,3,4,5,6]'), tensor('mask', 'INT64', '[2,1]', '[1,0]'))}}`, { tokens: [[1, 2, 3], [4, 5, 6]], mask: [[1], [0]] }],
      ['an unknown rank', 'anyRank', `{${inputs(tensor('x', 'FP32', '[2,1,2]', '[1,2,3,4]'))}}`, { x: [[[1, 2]], [[3, 4]]] }],
      ['a scalar without batch axis', 'unbatched', `{${inputs(tensor('matrix', 'FP32', '[2,2]', '[[1,2],[3,4]]'), tensor('factor', 'FP32', '[]', '[2]'))}}`, { matrix: [[1, 2], [3, 4]], factor: 2 }],
      ['float16 as numbers', 'half', `{${inputs(tensor('x', 'FP16', '[1,2]', '[0.1,65504]'))}}`, { x: [[0.1, 65500]] }],
      ['bools, also as 0 and 1', 'flags', `{${inputs(tensor('x', 'BOOL', '[2,2]', '[true,0,1,false]'))}}`, { x: [[true, false], [true, false]] }],
      ['strings, also in base64', 'text', `{${inputs(tensor('text', 'BYTES', '[3,1]', '["ä", "", {"b64": "w6Q="}]'))}}`, { text: [['ä'], [''], ['ä']] }],
      ['int64 with every digit', 'wide', `{${inputs(tensor('id', 'INT64', '[3]', '[9223372036854775807,-9223372036854775808,9007199254740993]'))}}`, { id: [9223372036854775807n, -9223372036854775808n, 9007199254740993n] }],
      ['uint64 with every digit', 'unsigned', `{${inputs(tensor('id', 'UINT64', '[1]', '[18446744073709551615]'))}}`, { id: [18446744073709551615n] }],
    ];
    for (const [name, model, body, feeds] of accepted) {
      it(name, () => {
        const decoded = decode(body, model);
        expect(values(decoded)).to.deep.equal(feeds);
        expect([...decoded.feeds.keys()]).to.deep.equal(SAMPLES[model].inputs.map((input) => input.name));
        for (const input of SAMPLES[model].inputs) {
          expect(decoded.feeds.get(input.name)?.datatype, input.name).to.equal(input.datatype);
        }
      });
    }

    it('binary data, at any address', () => {
      for (const padding of ['', ' ', '  ', '   ']) {
        const json = request(['X', 'FP32', '[1,4]', '16']) + padding;
        expect(values(decodeBinary(json, FLOATS, JSON_LENGTH, 'iris'))).to.deep.equal({ X: [[1, 2, 3, 4]] });
      }
    });

    it('tensors in binary and in JSON in one request, in the order of the JSON list', () => {
      const binary = (name: string, datatype: string, size: number): string =>
        `{"name": "${name}", "datatype": "${datatype}", "shape": [1,1], "parameters": {"binary_data_size": ${size}}}`;
      const fee = tensor('monthly_fee', 'FP32', '[1,1]', '[16.5]');
      const json = `{${inputs(binary('plan', 'BYTES', 8), fee, binary('Amount (EUR)', 'FP64', 8), binary('age', 'INT64', 8))}}`;
      const plan = Buffer.from('\u0004\0\0\0plus');
      const rest = Buffer.concat([
        plan,
        new Uint8Array(Float64Array.of(3).buffer),
        new Uint8Array(BigInt64Array.of(65n).buffer),
      ]);
      expect(values(decodeBinary(json, rest, JSON_LENGTH, 'customers'))).to.deep.equal(CUSTOMER_VALUES);
    });

    it('wide integers in JSON beside binary data', () => {
      const id = tensor('tokens', 'INT64', '[1,1]', '[9007199254740993]');
      const mask = '{"name": "mask", "datatype": "INT64", "shape": [1,1], "parameters": {"binary_data_size": 8}}';
      const rest = new Uint8Array(BigInt64Array.of(-1n).buffer);
      const decoded = decodeBinary(`{${inputs(mask, id)}}`, rest, JSON_LENGTH, 'tokens');
      expect(values(decoded)).to.deep.equal({ tokens: [[9007199254740993n]], mask: [[-1]] });
    });

    it('NaN and infinities in binary data', () => {
      const rest = Buffer.from(Float32Array.of(Number.NaN, Infinity, -Infinity, -0).buffer);
      const decoded = decodeBinary(request(['X', 'FP32', '[1,4]', '16']), rest, JSON_LENGTH, 'iris');
      expect(values(decoded)).to.deep.equal({ X: [[Number.NaN, Infinity, -Infinity, -0]] });
    });

    it('empty and long strings in binary data', () => {
      const rest = Buffer.concat([Buffer.from([0, 0, 0, 0, 3, 0, 0, 0]), Buffer.from('日')]);
      const decoded = decodeBinary(request(['text', 'BYTES', '[2,1]', '11']), rest, JSON_LENGTH, 'text');
      expect(values(decoded)).to.deep.equal({ text: [[''], ['日']] });
    });

    it('the length of the JSON in the content type, as Vertex AI needs it', () => {
      const json = request(['X', 'FP32', '[1,4]', '16']);
      const bytes = Buffer.concat([Buffer.from(json), FLOATS]);
      const contentType = `application/vnd.vertex-ai-triton.binary+json;json-header-size=${json.length}`;
      const jsonBytes = jsonLengthOf({ jsonLength: undefined, contentType }, bytes.length);
      expect(values(decodeV2Request({ bytes, jsonBytes }, SAMPLES.iris))).to.deep.equal({ X: [[1, 2, 3, 4]] });
      expect(() => jsonLengthOf({ jsonLength: undefined, contentType: contentType.replace(/\d+$/, 'x') }, 9)).to.throw(
        RequestError,
        'json-header-size: expected the length of the JSON in bytes, got "x"',
      );
    });
  });

  describe('takes the bare bytes of the only input', () => {
    const bare = (body: Uint8Array, model: Model): V2Request => decodeBinary('', body, '0', model);

    it('one row, or several', () => {
      expect(values(bare(FLOATS, 'iris'))).to.deep.equal({ X: [[1, 2, 3, 4]] });
      const two = bare(Buffer.concat([FLOATS, FLOATS]), 'iris');
      expect([two.rows, values(two)]).to.deep.equal([
        2,
        {
          X: [
            [1, 2, 3, 4],
            [1, 2, 3, 4],
          ],
        },
      ]);
    });

    it('one row with one free dimension, none with two', () => {
      const sentence = signatureOf([['tokens', 'UINT8', [-1, -1, 2]]]);
      const decoded = decodeV2Request({ bytes: Uint8Array.of(1, 2, 3, 4, 5, 6), jsonBytes: 0 }, sentence);
      expect([decoded.rows, values(decoded)]).to.deep.equal([
        1,
        {
          tokens: [
            [
              [1, 2],
              [3, 4],
              [5, 6],
            ],
          ],
        },
      ]);
      const image = signatureOf([['image', 'UINT8', [-1, -1, -1, 3]]]);
      const thrown = thrownBy(RequestError, () => decodeV2Request({ bytes: new Uint8Array(12), jsonBytes: 0 }, image));
      expect(thrown.message).to.equal(
        "Inference-Header-Content-Length: 0: the shape [-1,-1,-1,3] does not follow from the body's size; give it in JSON",
      );
    });

    it('rows for a model that takes a fixed number of them', () => {
      const fixed = signatureOf([['X', 'FP32', [8, 4]]], [['y', 'FP32', [8, 1]]], { fixedBatch: 8 });
      expect(decodeV2Request({ bytes: FLOATS, jsonBytes: 0 }, fixed).rows).to.equal(1);
    });

    it('a model without batch axis, and text', () => {
      const vector = bare(Buffer.from(Float32Array.of(1, 2, 3).buffer), 'vector');
      expect([vector.rows, values(vector)]).to.deep.equal([1, { v: [1, 2, 3] }]);
      expect(values(bare(Buffer.from('naïve'), 'text'))).to.deep.equal({ text: [['naïve']] });
      expect(values(bare(Buffer.from(''), 'text'))).to.deep.equal({ text: [['']] });
    });

    it('and answers all outputs in binary', () => {
      expect(bare(FLOATS, 'iris').outputs).to.deep.equal([
        { name: 'label', binary: true },
        { name: 'probabilities', binary: true },
      ]);
    });
  });

  it('takes any number of rows for a model that takes a fixed number of them at once', () => {
    const fixed = signatureOf([['X', 'FP32', [8, 4]]], [['y', 'FP32', [8, 1]]], { fixedBatch: 8 });
    const decoded = decodeV2Request({ bytes: Buffer.from(`{${X}}`), jsonBytes: undefined }, fixed);
    expect([decoded.rows, values(decoded)]).to.deep.equal([1, { X: [[1, 2, 3, 4]] }]);
  });

  it('counts rows; a model without batch axis has one', () => {
    expect(decode(`{${inputs(tensor('X', 'FP32', '[2,4]', '[1,2,3,4,5,6,7,8]'))}}`, 'iris').rows).to.equal(2);
    expect(decode(`{${inputs(tensor('v', 'FP32', '[3]', '[1,2,3]'))}}`, 'vector').rows).to.equal(1);
  });

  it('keeps the id as it came', () => {
    expect(decode(`{"id": "7 \\u0000ä", ${X}}`, 'iris').id).to.equal('7 \0ä');
    expect(decode(`{"id": "", ${X}}`, 'iris').id).to.equal('');
    expect(decode(`{${X}}`, 'iris').id).to.equal(undefined);
  });

  describe('reads the outputs asked for', () => {
    // prettier-ignore
    const cases: readonly (readonly [name: string, more: string, outputs: readonly (readonly [string, boolean])[]])[] = [
      ['none: all, in JSON', '', [['label', false], ['probabilities', false]]],
      ['an empty list: all', '"outputs": [],', [['label', false], ['probabilities', false]]],
      ['in their order', '"outputs": [{"name": "probabilities"}, {"name": "label"}],', [['probabilities', false], ['label', false]]],
      ['all in binary', '"parameters": {"binary_data_output": true},', [['label', true], ['probabilities', true]]],
      ['one in binary', '"outputs": [{"name": "label"}, {"name": "probabilities", "parameters": {"binary_data": true}}],', [['label', false], ['probabilities', true]]],
      ['binary but one', '"parameters": {"binary_data_output": true}, "outputs": [{"name": "label", "parameters": {"binary_data": false}}, {"name": "probabilities"}],', [['label', false], ['probabilities', true]]],
    ];
    for (const [name, more, outputs] of cases) {
      it(name, () => {
        expect(decode(`{${more} ${X}}`, 'iris').outputs.map((output) => [output.name, output.binary])).to.deep.equal(
          outputs,
        );
      });
    }
  });

  describe('refuses with 400', () => {
    for (const [name, model, body, error] of MALFORMED) {
      it(name, () => {
        const thrown = thrownBy(RequestError, () => decode(body, model));
        expect([thrown.code, thrown.status, thrown.message]).to.deep.equal(['InvalidInput', 400, error]);
      });
    }
    for (const [name, model, json, restInHex, length, error] of MALFORMED_BINARY) {
      it(`${name}, binary`, () => {
        const rest = Buffer.from(restInHex, 'hex');
        const thrown = thrownBy(RequestError, () => decodeBinary(json, rest, length, model));
        expect([thrown.code, thrown.status, thrown.message]).to.deep.equal(['InvalidInput', 400, error]);
      });
    }

    it('shapes far beyond the data without making room for them', () => {
      const { anyRank } = SAMPLES;
      const huge = [tensor('x', 'FP32', '[100000000,10]', '[[1]]'), tensor('x', 'FP32', '[100000000,10]', '[1]')];
      const before = process.memoryUsage().arrayBuffers;
      for (const body of huge) {
        expect(() =>
          decodeV2Request({ bytes: Buffer.from(`{${inputs(body)}}`), jsonBytes: undefined }, anyRank),
        ).to.throw(RequestError, 'inputs[0].data');
      }
      expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(8 * 1024 * 1024);
    });
  });
});
