import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { percentile, runClosedLoop } from '../../cli/bench/closed-loop.ts';

describe('bench', () => {
  for (const [percent, expected] of [
    [0, 1],
    [50, 2],
    [75, 3],
    [90, 4],
    [100, 4],
  ] as const) {
    it(`has ${expected} as percentile ${percent} of 1, 2, 3, 4`, () => {
      expect(percentile([1, 2, 3, 4], percent)).to.equal(expected);
    });
  }

  it('counts answers and failures, on as many connections as asked for', async () => {
    const bodies = new Set<string>();
    const sockets = new Set<unknown>();
    let count = 0;
    const server = createServer((request, response) => {
      sockets.add(request.socket);
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        bodies.add(`${request.method} ${request.headers['content-type']} ${body}`);
        count += 1;
        response.statusCode = count % 5 === 0 ? 429 : 200;
        response.end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/predict`);
    const load = {
      url,
      body: '{"instances":[]}',
      contentType: 'application/json',
      concurrency: 3,
      durationMs: 300,
      warmUpRequests: 1,
    };
    const { latenciesMs, failures } = await runClosedLoop(load);
    server.close();
    expect(bodies).to.deep.equal(new Set(['POST application/json {"instances":[]}']));
    expect(sockets.size).to.equal(3);
    expect(latenciesMs.length + (failures.get('429') ?? 0) + load.concurrency).to.equal(count);
    expect(latenciesMs).to.deep.equal([...latenciesMs].sort((a, b) => a - b));
    expect([...failures.keys()]).to.deep.equal(['429']);
  });

  it('tells what refuses connections', async () => {
    const url = new URL('http://127.0.0.1:9/predict');
    const load = {
      url,
      body: '{}',
      contentType: 'application/json',
      concurrency: 1,
      durationMs: 10,
      warmUpRequests: 0,
    };
    const { latenciesMs, failures } = await runClosedLoop(load);
    expect(latenciesMs).to.deep.equal([]);
    expect(failures.get('ECONNREFUSED')).to.be.greaterThan(0);
  });
});
