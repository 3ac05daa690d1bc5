import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { createDoors } from '../../../runtime/doors.ts';
import { listen, type HttpServer } from '../../../runtime/http/server.ts';
import { createMetrics } from '../../../runtime/metrics.ts';
import { Predictor } from '../../../runtime/predictor.ts';
import { ServingState } from '../../../runtime/serving-state.ts';
import { SAMPLES } from '../../support/signatures.ts';

const LIMITS = { maxRequestBytes: 100_000, requestTimeoutMs: 1000 };
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const HOSTILE = '</title><script>alert(1)</script>';
const EXAMPLE = '{"instances":[{"age":9007199254740993,"monthly_fee":null,"plan":"<b>","Amount__EUR_":0.5}]}';
const EXAMPLE_V2 = '{"inputs":[]}';
const JSON_TYPE = { 'content-type': 'application/json' };

describe('docs over HTTP', () => {
  let server: HttpServer;
  let state: ServingState;

  const call = async (path: string, options: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { redirect: 'manual', ...options });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const load = (example: string | undefined): void => {
    const signature = SAMPLES.customers;
    const session = { run: () => Promise.reject(new Error('not asked to run')) };
    const predictor = new Predictor({ session, signature, batching: { maxRows: 4, maxQueuedRows: 4 } });
    const exampleV2 = example && EXAMPLE_V2;
    state.ready({ generation: '17', signature, predictor, example, exampleV2, isAlive: () => true });
  };

  beforeEach(async () => {
    state = new ServingState();
    const doors = createDoors({
      modelName: HOSTILE,
      state,
      observe: createMetrics().request,
      log: SILENT,
      limits: LIMITS,
    });
    const address = { host: '127.0.0.1', port: 0, requestTimeoutMs: LIMITS.requestTimeoutMs };
    server = await listen(doors, address);
  });
  afterEach(() => server.close(0));

  for (const [path, type] of [
    ['/docs', 'text/html; charset=utf-8'],
    ['/docs/page.css', 'text/css; charset=utf-8'],
    ['/docs/page.js', /^(?:text|application)\/javascript; charset=utf-8$/],
  ] as const) {
    it(`serves ${path}, also while loading, allowing nothing but its own files`, async () => {
      const { status, headers, text } = await call(path);
      expect(status).to.equal(200);
      expect(headers.get('content-type')).to.match(typeof type === 'string' ? new RegExp(`^${type}$`) : type);
      const policy = headers.get('content-security-policy');
      expect(policy)
        .to.include("default-src 'none'")
        .and.not.match(/unsafe|https?:|\*/);
      expect(headers.get('x-content-type-options')).to.equal('nosniff');
      // The same bytes whatever the model is called: nothing to escape, nothing to forget.
      const file = path === '/docs' ? 'page.html' : path.slice('/docs/'.length);
      const source = join(import.meta.dirname, '..', '..', '..', 'runtime', 'docs', 'page', file);
      expect(text).to.equal(readFileSync(source, 'utf8'));
    });
  }

  it('has no script, style or handler in its HTML, and no URL of another server', async () => {
    const pages = await Promise.all(['/docs', '/docs/page.css', '/docs/page.js'].map((path) => call(path)));
    expect(pages[0]?.text).not.to.match(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/i);
    for (const { text } of pages) expect(text).not.to.match(/https?:\/\/|["'(]\/\//);
    expect(pages[2]?.text).not.to.match(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function/);
    const bytes = pages.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    expect(bytes).to.be.lessThan(30_000);
  });

  it('leads from /docs/ to /docs, behind a prefix too', async () => {
    const { status, headers } = await call('/docs/');
    expect([status, headers.get('location')]).to.deep.equal([302, '../docs']);
  });

  for (const path of ['/openapi.json', '/docs/model.json', '/docs/example.json']) {
    it(`asks to wait for ${path} while the model is being loaded`, async () => {
      const { status, text } = await call(path);
      expect([status, JSON.parse(text).code]).to.deep.equal([503, 'ModelNotReady']);
    });
  }

  it('tells the page what a row is, with every digit of the example', async () => {
    load(EXAMPLE);
    const model = JSON.parse((await call('/docs/model.json')).text);
    expect(model).to.deep.include({ name: HOSTILE, generation: '17', task: 'classification', example: EXAMPLE });
    expect(model.fields.map(({ name, kind, value }: Record<string, string>) => [name, kind, value])).to.deep.equal([
      ['age', 'integer', '9007199254740993'],
      ['monthly_fee', 'float', ''],
      ['plan', 'string', '<b>'],
      ['Amount__EUR_', 'float', '0.5'],
    ]);
    expect(model.numbers).to.equal('probabilities');
    expect(model.labels).to.deep.equal([{ count: 3, names: ['0', '1', '2'] }]);
    expect((await call('/docs/example.json')).text).to.equal(EXAMPLE);
  });

  it('has no example where no row is known', async () => {
    load(undefined);
    expect((await call('/docs/example.json')).status).to.equal(404);
    expect(JSON.parse((await call('/docs/model.json')).text)).to.include({ example: null, hasLongExample: false });
    expect((await call('/openapi.json')).status).to.equal(200);
  });

  it('shows an example to whoever sent what does not fit', async () => {
    load(EXAMPLE);
    const { status, text } = await call('/predict', { method: 'POST', headers: JSON_TYPE, body: '{"instances": [1]}' });
    expect(status).to.equal(400);
    expect(Object.keys(JSON.parse(text))).to.deep.equal(['error', 'code', 'example']);
    expect(text).to.include(`"example":${EXAMPLE}}`);
  });

  it('shows one of the Open Inference Protocol to whoever speaks it', async () => {
    load(EXAMPLE);
    const path = `/v2/models/${encodeURIComponent(HOSTILE)}/infer`;
    const { status, text } = await call(path, { method: 'POST', headers: JSON_TYPE, body: '{"inputs": []}' });
    expect(status).to.equal(400);
    expect(text).to.include(`"example":${EXAMPLE_V2}}`);
  });

  it('shows no example that is too long to read, and none with other errors', async () => {
    load(`{"instances":[{"plan":"${'x'.repeat(1000)}"}]}`);
    const misfit = await call('/predict', { method: 'POST', headers: JSON_TYPE, body: '{}' });
    expect(Object.keys(JSON.parse(misfit.text))).to.deep.equal(['error', 'code']);
    load(EXAMPLE);
    const other = await call('/predict', { method: 'POST', headers: { 'content-type': 'text/html' }, body: '{}' });
    expect(Object.keys(JSON.parse(other.text))).to.deep.equal(['error', 'code']);
  });
});
