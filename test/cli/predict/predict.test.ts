import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { runCommandLine } from '../../../cli/run-command-line.ts';
import { recordedTerminal } from '../../support/terminal.ts';

const CSV = 'label,probabilities.cat,probabilities.dog\r\ncat,0.75,0.25\r\n';
const WRONG = '{"error": "instances[0]: expected 4 numbers", "code": "InvalidInput"}';

/** What the command asks of the API server's proxy and does with its answers; test/e2e/cli.test.ts has the real one. */
describe('predict', function () {
  this.timeout(20_000);
  let temporary: string;
  let server: Server;
  const requests: string[] = [];
  let answer: { readonly status: number; readonly body: string };

  before(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'predict-'));
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        requests.push(
          [request.method, request.url, request.headers['content-type'], request.headers.accept, body].join(' '),
        );
        response.writeHead(answer.status, { 'x-model-warnings': '["half of it"]' }).end(answer.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const config = {
      'current-context': 'c',
      clusters: [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: 'ml' } }],
      users: [{ name: 'u', user: {} }],
    };
    await writeFile(join(temporary, 'kubeconfig'), stringify(config));
  });
  after(async () => {
    server.close();
    await rm(temporary, { recursive: true });
  });

  async function predict(rows: string, ...args: readonly string[]) {
    const file = join(temporary, 'rows');
    await writeFile(file, rows);
    const { terminal, out, error } = recordedTerminal();
    const all = ['predict', 'pets', '--kubeconfig', join(temporary, 'kubeconfig'), '-f', file, ...args];
    const code = await runCommandLine(all, { terminal, calledAs: 'modeldeployment' });
    return { code, out: out(), error: error() };
  }
  const path = '/api/v1/namespaces/ml/services/pets:http/proxy/predict';

  for (const [name, rows, args, request] of [
    ['CSV with options in the query', 'a,b\n1,2\n', ['--top', '2'], `POST ${path}?topK=2 text/csv text/csv a,b\n1,2\n`],
    [
      'JSON with options among its members',
      '[[1, 2]]',
      ['--top', '1'],
      `POST ${path} application/json text/csv {"instances":[[1, 2]],"parameters":{"topK":1}}`,
    ],
    [
      'JSON for an answer in JSON',
      '{"inputs": [1]}',
      ['-o', 'json'],
      `POST ${path} application/json application/json {"inputs": [1]}`,
    ],
  ] as const) {
    it(`sends ${name} through the proxy of the API server`, async () => {
      answer = { status: 200, body: CSV };
      expect((await predict(rows, ...args)).code).to.equal(0);
      expect(requests.at(-1)).to.equal(request);
    });
  }

  it('shows a table, and what the model warns of apart from it', async () => {
    answer = { status: 200, body: CSV };
    expect(await predict('[[1]]')).to.deep.equal({
      code: 0,
      out: 'ROW  label  cat     dog\n0    cat    0.7500  0.2500\n',
      error: 'note: half of it\n',
    });
  });

  it('hands on an answer as it is with -o csv', async () => {
    answer = { status: 200, body: CSV };
    expect((await predict('[[1]]', '-o', 'csv')).out).to.equal(CSV);
  });

  for (const [name, status, body, error] of [
    [
      'what the model says of a wrong request',
      400,
      WRONG,
      'error: pets answers 400 InvalidInput: instances[0]: expected 4 numbers\n',
    ],
    [
      'where to look when it fails',
      500,
      '{"error": "the model failed", "code": "InferenceFailed"}',
      /^error: pets answers 500 InferenceFailed: the model failed\n {2}next: modeldeployment why pets --kubeconfig /,
    ],
    ['what is no JSON', 502, 'Bad Gateway', /^error: pets answers 502: Bad Gateway\n/],
    [
      'a missing right',
      403,
      '{"kind": "Status", "message": "services \\"pets\\" is forbidden", "reason": "Forbidden"}',
      'error: you may not reach the Service pets through the API server: services "pets" is forbidden\n',
    ],
  ] as const) {
    it(`tells ${name}`, async () => {
      answer = { status, body };
      const result = await predict('[[1]]');
      expect([result.code, result.out]).to.deep.equal([1, '']);
      if (typeof error === 'string') expect(result.error).to.equal(error);
      else expect(result.error).to.match(error);
    });
  }

  it('asks for the rows', async () => {
    const { terminal, error } = recordedTerminal();
    expect(await runCommandLine(['predict', 'pets'], { terminal, calledAs: 'modeldeployment' })).to.equal(2);
    expect(error()).to.match(/^error: which rows\? Give a file of CSV or JSON with -f/);
  });
});
