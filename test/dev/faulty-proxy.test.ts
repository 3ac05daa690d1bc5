import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { FaultyProxy } from '../../dev/faulty-proxy.ts';
import { startFaultyProxy } from '../../dev/faulty-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { rejectionOf } from '../support/thrown.ts';

const BODY = Buffer.from('0123456789'.repeat(100));
const OBJECT = { generation: '17', metageneration: '2', etag: 'the-etag' };
const OBJECT_PATH = '/storage/v1/b/models/o/iris%2Fmodel.onnx';

/** Stands in for the emulator: one object, and uploads that are given back. */
function serveObject(request: IncomingMessage, response: ServerResponse): void {
  const isMetadata = request.url!.startsWith(OBJECT_PATH) && !request.url!.includes('alt=media');
  if (request.method === 'POST') request.pipe(response.writeHead(201));
  else if (isMetadata) response.end(JSON.stringify(OBJECT));
  else {
    const asked = { 'x-asked-range': request.headers.range ?? 'none' };
    response.writeHead(200, { 'x-goog-hash': 'crc32c=right', 'content-length': BODY.length, ...asked }).end(BODY);
  }
}

describe('startFaultyProxy', () => {
  let server: Server;
  let proxy: FaultyProxy;

  before(async () => {
    server = createServer(serveObject);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await startFaultyProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });

  beforeEach(() => proxy.reset());

  after(async () => {
    await proxy.stop();
    server.closeAllConnections();
    server.close();
  });

  const download = (query = '', init: RequestInit = {}) => fetch(`${proxy.url}${OBJECT_PATH}?alt=media${query}`, init);
  const bytes = async (response: Response) => Buffer.from(await response.arrayBuffer());

  it('passes requests on unchanged', async () => {
    const response = await download();
    expect(response.status).to.equal(200);
    expect(response.headers.get('x-goog-hash')).to.equal('crc32c=right');
    expect(await bytes(response)).to.deep.equal(BODY);
    const upload = await fetch(`${proxy.url}/upload`, { method: 'POST', body: BODY });
    expect([upload.status, await bytes(upload)]).to.deep.equal([201, BODY]);
  });

  it('keeps a list of the requests and what became of them', async () => {
    proxy.inject({ fault: { kind: 'status', status: 403 }, method: 'POST' });
    await (await download('', { headers: { 'x-test': 'yes' } })).arrayBuffer();
    await (await fetch(`${proxy.url}/upload`, { method: 'POST', body: 'x' })).arrayBuffer();
    await eventually(() => expect(proxy.requests).to.have.lengthOf(2));
    const [first, second] = proxy.requests;
    expect(first).to.include({ method: 'GET', path: '/storage/v1/b/models/o/iris/model.onnx?alt=media', status: 200 });
    expect(first?.headers).to.include({ 'x-test': 'yes' });
    expect(second).to.deep.include({ method: 'POST', status: 403, fault: { kind: 'status', status: 403 } });
  });

  for (const [status, reason] of [
    [403, 'forbidden'],
    [429, 'rateLimitExceeded'],
    [500, 'backendError'],
  ] as const) {
    it(`answers ${status} as Google Cloud Storage does`, async () => {
      proxy.inject({ fault: { kind: 'status', status, headers: { 'retry-after': '7' } } });
      const response = await download();
      expect([response.status, response.headers.get('retry-after')]).to.deep.equal([status, '7']);
      expect(await response.json()).to.have.nested.property('error.errors[0].reason', reason);
    });
  }

  it('stops after the wanted number of times and lets other requests through', async () => {
    const fault = proxy.inject({ fault: { kind: 'status', status: 500 }, path: /alt=media/, times: 2 });
    const statuses: number[] = [];
    for (const path of ['?alt=media', '', '?alt=media', '?alt=media']) {
      const response = await fetch(`${proxy.url}${OBJECT_PATH}${path}`);
      await response.arrayBuffer();
      statuses.push(response.status);
    }
    expect(statuses).to.deep.equal([500, 200, 500, 200]);
    expect(fault.hits).to.equal(2);
  });

  it('uses the first rule that matches until it is removed', async () => {
    const first = proxy.inject({ fault: { kind: 'status', status: 403 } });
    proxy.inject({ fault: { kind: 'status', status: 429 } });
    expect((await download()).status).to.equal(403);
    first.remove();
    expect((await download()).status).to.equal(429);
  });

  it('closes the connection without an answer', async () => {
    proxy.inject({ fault: { kind: 'cut', afterBytes: 0 } });
    await rejectionOf(TypeError, download());
    await eventually(() => expect(proxy.requests[0]?.status).to.equal(undefined));
    expect(proxy.requests).to.have.lengthOf(1);
  });

  it('closes the connection in the middle of the body', async () => {
    proxy.inject({ fault: { kind: 'cut', afterBytes: 300 } });
    const response = await download();
    expect(response.status).to.equal(200);
    await rejectionOf(TypeError, response.arrayBuffer());
  });

  it('stops sending without closing the connection', async () => {
    proxy.inject({ fault: { kind: 'stall', afterBytes: 300 } });
    const response = await download();
    let received = 0;
    const reader = response.body!.getReader();
    while (received < 300) received += (await reader.read()).value!.length;
    expect(received).to.equal(300);
    const next = await Promise.race([reader.read(), new Promise((resolve) => setTimeout(resolve, 50, 'nothing'))]);
    expect(next).to.equal('nothing');
    await reader.cancel();
  });

  it('lets the body trickle, whole', async () => {
    proxy.inject({ fault: { kind: 'slow', bytesPerSecond: 5_000 } });
    const response = await download();
    const sizes: number[] = [];
    for await (const chunk of response.body!) sizes.push(chunk.length);
    expect(sizes.length).to.be.greaterThan(1);
    expect(sizes.reduce((sum, size) => sum + size)).to.equal(BODY.length);
  });

  it('hides from the server that a range was asked for', async () => {
    const ranged = () => download('', { headers: { range: 'bytes=0-9' } });
    expect((await ranged()).headers.get('x-asked-range')).to.equal('bytes=0-9');
    proxy.inject({ fault: { kind: 'ignore-range' } });
    const response = await ranged();
    expect([response.status, response.headers.get('x-asked-range')]).to.deep.equal([200, 'none']);
    expect(await bytes(response)).to.deep.equal(BODY);
  });

  it('changes one byte and leaves the checksum', async () => {
    proxy.inject({ fault: { kind: 'corrupt', atByte: 500 } });
    const response = await download();
    const received = await bytes(response);
    expect(response.headers.get('x-goog-hash')).to.equal('crc32c=right');
    const different = [...received.keys()].filter((index) => received[index] !== BODY[index]);
    expect(different).to.deep.equal([500]);
  });

  it('changes the checksum and leaves the bytes', async () => {
    proxy.inject({ fault: { kind: 'headers', headers: { 'X-Goog-Hash': 'crc32c=wrong', date: null } } });
    const response = await download();
    expect(response.headers.get('x-goog-hash')).to.equal('crc32c=wrong');
    expect(await bytes(response)).to.deep.equal(BODY);
  });

  it('closes the connection when the server behind it is gone', async () => {
    const lonely = await startFaultyProxy('http://127.0.0.1:1');
    await rejectionOf(TypeError, fetch(lonely.url));
    await lonely.stop();
  });

  describe('answers preconditions of reads as the real service does', () => {
    const noneMatch = (etag: string) => ({ headers: { 'if-none-match': etag } });
    for (const { name, query = '', init = {}, status } of [
      { name: 'ifGenerationMatch met', query: '&ifGenerationMatch=17', status: 200 },
      { name: 'ifGenerationMatch unmet', query: '&ifGenerationMatch=16', status: 412 },
      { name: 'ifGenerationNotMatch met', query: '&ifGenerationNotMatch=16', status: 200 },
      { name: 'ifGenerationNotMatch unmet', query: '&ifGenerationNotMatch=17', status: 304 },
      { name: 'ifMetagenerationMatch unmet', query: '&ifMetagenerationMatch=1', status: 412 },
      { name: 'ifMetagenerationNotMatch unmet', query: '&ifMetagenerationNotMatch=2', status: 304 },
      { name: 'If-None-Match of this etag', init: noneMatch('the-etag'), status: 304 },
      { name: 'If-None-Match of another etag', init: noneMatch('other'), status: 200 },
    ]) {
      it(`${name}: ${status}`, async () => {
        const response = await download(query, init);
        await response.arrayBuffer();
        expect(response.status).to.equal(status);
      });
    }

    it('metadata: 304', async () => {
      expect((await fetch(`${proxy.url}${OBJECT_PATH}?ifGenerationNotMatch=17`)).status).to.equal(304);
    });
  });
});
