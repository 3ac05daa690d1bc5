import { expect } from 'chai';
import { PREDICTION, serveApp, type ServedApp } from '../../support/http-app.ts';
import { npyOf } from '../../support/npy.ts';
import { classifierOf } from '../../support/signatures.ts';

const NPY = npyOf('<f4', [1, 4], new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer));
const JSON_ANSWER = { predictions: [PREDICTION] };
const CSV_ANSWER = 'label,probabilities.0,probabilities.1,probabilities.2\r\n0,0.9,0.08,0.02\r\n';

describe('formats of predict requests', () => {
  let app: ServedApp;
  beforeEach(async () => {
    app = await serveApp();
  });
  afterEach(() => app[Symbol.asyncDispose]());

  const post = (body: string | Buffer, type: string, { path = '/predict', accept = '*/*' } = {}): Promise<Response> => {
    const headers = { 'content-type': type, accept };
    return app.fetch(path, { method: 'POST', body: typeof body === 'string' ? body : Uint8Array.from(body), headers });
  };

  for (const [name, body, type] of [
    ['CSV', '1,2,3,4', 'text/csv'],
    ['CSV under a header', 'a,b,c,d\n1,2,3,4', 'text/csv; charset=utf-8; header=present'],
    ['CSV that has none', '1,2,3,4', 'Text/CSV;header=absent'],
    ['.npy', NPY, 'application/x-npy'],
    ['a DataFrame', '{"columns": ["a", "b", "c", "d"], "data": [[1, 2, 3, 4]]}', 'application/json'],
  ] as const) {
    it(`are taken: ${name}`, async () => {
      const response = await post(body, type);
      expect([response.status, await response.json()]).to.deep.equal([200, JSON_ANSWER]);
    });
  }

  for (const accept of ['text/csv', 'text/csv, */*;q=0.1', 'application/json;q=0.5, text/csv']) {
    it(`are answered in CSV for Accept: ${accept}`, async () => {
      const response = await post('1,2,3,4', 'text/csv', { accept });
      expect(response.headers.get('content-type')).to.equal('text/csv; charset=utf-8; header=present');
      expect(await response.text()).to.equal(CSV_ANSWER);
    });
  }

  for (const accept of ['*/*', 'application/json, text/csv;q=0.9', 'text/csv;q=0', 'text/html']) {
    it(`are answered in JSON for Accept: ${accept}`, async () => {
      expect(await (await post('1,2,3,4', 'text/csv', { accept })).json()).to.deep.equal(JSON_ANSWER);
    });
  }

  it('have options in the query', async () => {
    const one = await post(NPY, 'application/x-npy', { path: '/predict?topK=1', accept: 'text/csv' });
    expect(await one.text()).to.equal('label,probabilities.0\r\n0,0.9\r\n');
    const raw = await post('1,2,3,4', 'text/csv', { path: '/predict?outputs=label' });
    expect(await raw.json()).to.deep.equal({ predictions: [0] });
  });

  for (const [name, body, type, path, status, error] of [
    [
      'a wrong topK',
      '1,2,3,4',
      'text/csv',
      '/predict?topK=x',
      400,
      'parameters.topK: expected an integer of 1 or more, got the string "x"',
    ],
    [
      'an unknown output',
      '1,2,3,4',
      'text/csv',
      '/predict?outputs=labels',
      400,
      'outputs[0]: unknown output "labels"; did you mean "label"?',
    ],
    ['another charset', '1,2,3,4', 'text/csv; charset=latin1', '/predict', 415, 'CSV must be in UTF-8'],
    ['a wrong cell', '1,2,x,4', 'text/csv', '/predict', 400, 'row 1, column 3: expected a number, got the string "x"'],
  ] as const) {
    it(`are refused in JSON: ${name}`, async () => {
      const response = await post(body, type, { path, accept: 'text/csv' });
      const answer = (await response.json()) as { error: string };
      expect([response.status, answer.error]).to.deep.equal([status, error]);
    });
  }

  it('have warnings of CSV answers in a header', async () => {
    await app[Symbol.asyncDispose]();
    const signature = { ...classifierOf([['Größe', 'FP32', [-1, 4]]]), traits: { treeInputs: ['Größe'] } };
    app = await serveApp({ signature });
    const response = await post('1,,3,4', 'text/csv', { accept: 'text/csv' });
    expect(await response.text()).to.equal(CSV_ANSWER);
    const warnings = JSON.parse(response.headers.get('x-model-warnings')!) as string[];
    expect(warnings[0]).to.match(/^1 of 1 rows have missing values \("Größe"\)/);
  });
});
