import { expect } from 'chai';
import { RequestError } from '../../../../runtime/errors.ts';
import { decodeV1Request, type V1Request } from '../../../../runtime/protocol/v1/decode-request.ts';
import { elementReader, type JsonValue, nestElements } from '../../../../runtime/tensor/element.ts';
import { SAMPLES } from '../../../support/signatures.ts';
import { thrownBy } from '../../../support/thrown.ts';
import { MALFORMED } from './malformed-requests.ts';

type Model = keyof typeof SAMPLES;

/** Feeds as nested lists; the elements of INT64 and UINT64 as number where exact. */
function values({ feeds }: V1Request): Record<string, JsonValue> {
  return Object.fromEntries(
    [...feeds].map(([name, tensor]) => [name, nestElements(elementReader(tensor), tensor.shape)]),
  );
}

const CUSTOMER = '"age": 65, "monthly_fee": 16.5, "plan": "plus"';
const CUSTOMER_VALUES = { age: [[65]], monthly_fee: [[16.5]], plan: [['plus']], Amount__EUR_: [[3]] };

describe('decodeV1Request', () => {
  describe('takes', () => {
    // prettier-ignore
    const accepted: readonly (readonly [name: string, model: Model, body: string, feeds: Record<string, JsonValue>])[] =
      [
        ['bare rows', 'iris', '{"instances": [[1,2,3,4],[5,6,7,8.5]]}', { X: [[1, 2, 3, 4], [5, 6, 7, 8.5]] }],
        ['rows that name the one input', 'iris', '{"instances": [{"X": [1,2,3,4]}]}', { X: [[1, 2, 3, 4]] }],
        ["KServe's alias", 'iris', '{"inputs": [[1,2,3,4]]}', { X: [[1, 2, 3, 4]] }],
        ['columns', 'iris', '{"inputs": {"X": [[1,2,3,4]]}}', { X: [[1, 2, 3, 4]] }],
        ['keys of other servers', 'iris', '{"signature_name": "serving_default", "id": 7, "instances": [[1,2,3,4]]}', { X: [[1, 2, 3, 4]] }],
        ['null for what may be absent', 'iris', '{"instances": [[1,2,3,4]], "parameters": null, "outputs": null}', { X: [[1, 2, 3, 4]] }],
        ['a byte order mark', 'iris', '\uFEFF{"instances": [[1,2,3,4]]}', { X: [[1, 2, 3, 4]] }],
        ['the last of two equal keys', 'iris', '{"instances": [[9,9,9,9]], "instances": [[1,2,3,4]]}', { X: [[1, 2, 3, 4]] }],
        ['NaN and infinities by name', 'iris', '{"instances": [[null,"NaN","Infinity","-Infinity"]]}', { X: [[Number.NaN, Number.NaN, Infinity, -Infinity]] }],
        ['bare NaN and infinities', 'iris', '{"instances": [[NaN, Infinity, -Infinity, -4]]}', { X: [[Number.NaN, Infinity, -Infinity, -4]] }],
        ['true and false as numbers', 'iris', '{"instances": [[true,false,3,4]]}', { X: [[1, 0, 3, 4]] }],
        ['integers beyond 2^53 as floats', 'iris', '{"instances": [[9007199254740993,0,0,0]]}', { X: [[9007199000000000, 0, 0, 0]] }],
        ['DataFrame rows', 'customers', `{"instances": [{${CUSTOMER}, "Amount__EUR_": 3}]}`, CUSTOMER_VALUES],
        ['the column names of the user', 'customers', `{"instances": [{"Amount (EUR)": 3, ${CUSTOMER}}]}`, CUSTOMER_VALUES],
        ['DataFrame cells as lists of one', 'customers', '{"instances": [{"age": [65], "monthly_fee": [16.5], "plan": ["plus"], "Amount (EUR)": [3]}]}', CUSTOMER_VALUES],
        ['DataFrame columns', 'customers', '{"inputs": {"age": [65], "monthly_fee": [[16.5]], "plan": ["plus"], "Amount (EUR)": [3]}}', CUSTOMER_VALUES],
        ['bare NaN beside text that says NaN', 'customers', '{"instances": [{"age": 65, "monthly_fee": NaN, "plan": "NaN \\" NaN", "Amount (EUR)": -Infinity}]}', { age: [[65]], monthly_fee: [[Number.NaN]], plan: [['NaN " NaN']], Amount__EUR_: [[-Infinity]] }],
        ['an integer written as a float', 'customers', '{"instances": [{"age": 65.0, "monthly_fee": 16.5, "plan": "plus", "Amount (EUR)": 3e0}]}', CUSTOMER_VALUES],
        ['free dimensions', 'tokens', '{"instances": [{"tokens": [1,2,3], "mask": [1,1,0]}, {"tokens": [4,5,6], "mask": [1,0,0]}]}', { tokens: [[1, 2, 3], [4, 5, 6]], mask: [[1, 1, 0], [1, 0, 0]] }],
        ['free dimensions that differ between inputs', 'tokens', '{"inputs": {"tokens": [[1,2,3]], "mask": [[1]]}}', { tokens: [[1, 2, 3]], mask: [[1]] }],
        ['images', 'image', '{"instances": [[[0,1,2],[3,4,255]]]}', { image: [[[0, 1, 2], [3, 4, 255]]] }],
        ['strings, bare, named, listed and in base64', 'text', '{"instances": ["a", ["b"], {"text": "c"}, {"text": ["d"]}, {"b64": "w6Q="}, {"text": {"b64": "w6Q"}}, ""]}', { text: [['a'], ['b'], ['c'], ['d'], ['ä'], ['ä'], ['']] }],
        ['the ends of int8', 'small', '{"instances": [[-128,127]]}', { x: [[-128, 127]] }],
        ['float16', 'half', '{"instances": [[0.1,65504],[null,"-Infinity"]]}', { x: [[0.1, 65500], [Number.NaN, -Infinity]] }],
        ['float64 in full', 'double', '{"instances": [0.1, [1e308], null]}', { x: [0.1, 1e308, Number.NaN] }],
        ['bools, also as 0 and 1', 'flags', '{"instances": [[true,0],[1,false]]}', { x: [[true, false], [true, false]] }],
        ['int64 with every digit', 'wide', '{"instances": [9223372036854775807,-9223372036854775808,9007199254740993.0,1.23456789012345678e18,-0,5]}', { id: [9223372036854775807n, -9223372036854775808n, 9007199254740993n, 1234567890123456780n, 0, 5] }],
        ['wide integers in exponent form', 'wide', '{"instances": [1e17, 1234567890123456789e0, true]}', { id: [100000000000000000n, 1234567890123456789n, 1] }],
        ['uint64 with every digit', 'unsigned', '{"instances": [18446744073709551615, 1e19]}', { id: [18446744073709551615n, 10000000000000000000n] }],
        ['an unknown rank', 'anyRank', '{"instances": [[[1,2]],[[3,4]]]}', { x: [[[1, 2]], [[3, 4]]] }],
        ['scalars for an unknown rank', 'anyRank', '{"instances": [1, 2]}', { x: [1, 2] }],
        ['whole tensors in one element', 'unbatched', '{"instances": [{"matrix": [[1,2],[3,4]], "factor": 2}]}', { matrix: [[1, 2], [3, 4]], factor: 2 }],
        ['whole tensors by name', 'unbatched', '{"inputs": {"matrix": [[1,2],[3,4]], "factor": [2]}}', { matrix: [[1, 2], [3, 4]], factor: 2 }],
        ['one whole tensor', 'vector', '{"instances": [[1,2,3]]}', { v: [1, 2, 3] }],
      ];
    for (const [name, model, body, feeds] of accepted) {
      it(name, () => {
        const request = decodeV1Request(body, SAMPLES[model]);
        expect(values(request)).to.deep.equal(feeds);
        expect(values(decodeV1Request(Buffer.from(body), SAMPLES[model]))).to.deep.equal(feeds);
        for (const { name, datatype } of SAMPLES[model].inputs) {
          expect(request.feeds.get(name)?.datatype, name).to.equal(datatype);
        }
      });
    }
  });

  it('counts rows and tells the form', () => {
    const facts = (model: Model, body: string): [number, string] => {
      const { rows, form } = decodeV1Request(body, SAMPLES[model]);
      return [rows, form];
    };
    expect(facts('iris', '{"instances": [[1,2,3,4],[1,2,3,4]]}')).to.deep.equal([2, 'instances']);
    expect(facts('iris', '{"inputs": [[1,2,3,4],[1,2,3,4]]}')).to.deep.equal([2, 'instances']);
    expect(facts('iris', '{"inputs": {"X": [[1,2,3,4],[1,2,3,4]]}}')).to.deep.equal([2, 'inputs']);
    expect(facts('vector', '{"instances": [[1,2,3]]}')).to.deep.equal([1, 'instances']);
  });

  it('reads topK, or the outputs asked for in their order', () => {
    const rows = '"instances": [[1,2,3,4]]';
    const plain = decodeV1Request(`{${rows}}`, SAMPLES.iris);
    expect([plain.parameters.topK, plain.outputs]).to.deep.equal([undefined, undefined]);
    expect(decodeV1Request(`{${rows}, "parameters": {"topK": 2}}`, SAMPLES.iris).parameters.topK).to.equal(2);
    const { outputs } = decodeV1Request(`{${rows}, "outputs": ["probabilities", "label"]}`, SAMPLES.iris);
    expect(outputs).to.deep.equal(['probabilities', 'label']);
  });

  describe('refuses with 400', () => {
    for (const [name, model, body, error] of MALFORMED) {
      it(name, () => {
        const thrown = thrownBy(RequestError, () => decodeV1Request(body, SAMPLES[model]));
        expect([thrown.code, thrown.status, thrown.message]).to.deep.equal(['InvalidInput', 400, error]);
      });
    }

    it('bytes that are not UTF-8', () => {
      const body = Buffer.from('{"instances": ["\u00e4"]}', 'latin1');
      const thrown = thrownBy(RequestError, () => decodeV1Request(body, SAMPLES.text));
      expect(thrown.message).to.equal('body: is not UTF-8 text; encode the JSON as UTF-8');
    });

    it('nesting beyond the limit, before it costs memory', () => {
      const depth = 4_000_000;
      const bodies = ['['.repeat(depth), '{"a":'.repeat(depth), `{"instances": ${'['.repeat(101)}${']'.repeat(101)}}`];
      for (const body of bodies) {
        const thrown = thrownBy(RequestError, () => decodeV1Request(body, SAMPLES.iris));
        expect(thrown.message).to.equal('body: lists and objects are nested more than 100 deep');
      }
      const brackets = JSON.stringify({ instances: ['['.repeat(500), '\\"['.repeat(200)] });
      expect(decodeV1Request(brackets, SAMPLES.text).rows).to.equal(2);
    });

    it('a great many wrong rows without making room for them', () => {
      const huge = {
        ...SAMPLES.image,
        inputs: [{ name: 'image', datatype: 'FP64', shape: [-1, 4096, 4096] } as const],
      };
      const before = process.memoryUsage().arrayBuffers;
      const thrown = thrownBy(RequestError, () => decodeV1Request(`{"instances": [${'0,'.repeat(99_999)}0]}`, huge));
      expect(thrown.message).to.match(
        /^instances\[0\]: expected a list of 4096 lists of 4096 numbers, got the number 0;/,
      );
      expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(8 * 1024 * 1024);
    });
  });
});
