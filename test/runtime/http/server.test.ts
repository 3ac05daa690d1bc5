import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { ModelFailure } from '../../../runtime/errors.ts';
import { listen, type HttpServer } from '../../../runtime/http/server.ts';
import { rejectionOf } from '../../support/thrown.ts';

const OPTIONS = { host: '127.0.0.1', port: 0, requestTimeoutMs: 100 };
const ok: RequestListener = (_, response) => void response.end('ok');

describe('HTTP server', () => {
  let server: HttpServer | undefined;
  const start = async (handler: RequestListener = ok): Promise<string> => {
    server = await listen({ listener: handler }, OPTIONS);
    return `http://127.0.0.1:${server.port}`;
  };
  const say = async (words: string): Promise<string> => {
    const socket = connect(server!.port, '127.0.0.1');
    socket.write(words);
    return text(socket);
  };
  afterEach(() => server?.close(0));

  it('says which address it cannot listen on', async () => {
    await start();
    const error = await rejectionOf(ModelFailure, listen({ listener: ok }, { ...OPTIONS, port: server!.port }));
    expect(error.reason).to.equal('InvalidSpec');
    expect(error.message).to.include(`127.0.0.1:${server!.port}`).and.include('in use');
  });

  for (const [name, words, status, code] of [
    ['what is no HTTP', 'hello\r\n\r\n', 400, 'InvalidInput'],
    ['headers that are too large', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431, 'PayloadTooLarge'],
    ['headers that never end', 'GET / HTTP/1.1\r\nx: y\r\n', 408, 'DeadlineExceeded'],
  ] as const) {
    it(`refuses ${name} with ${status}`, async () => {
      await start();
      const answer = await say(words);
      expect(answer)
        .to.match(new RegExp(`^HTTP/1.1 ${status} `))
        .and.include(`"code":"${code}"`);
    });
  }

  it('lets requests in flight end, and takes no new ones', async () => {
    const { promise: isAsked, resolve: onAsked } = Promise.withResolvers<void>();
    const { promise: mayAnswer, resolve: allow } = Promise.withResolvers<void>();
    const url = await start((_, response) => {
      onAsked();
      void mayAnswer.then(() => response.end('done'));
    });
    const slow = fetch(url).then((response) => response.text());
    await isAsked;
    const closed = server!.close(10_000);
    await rejectionOf(Error, fetch(url));
    allow();
    expect(await slow).to.equal('done');
    expect(await closed).to.equal(true);
  });

  it('closes connections that clients keep', async () => {
    await start();
    const socket = connect(server!.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    const ended = once(socket, 'end');
    expect(await server!.close(10_000)).to.equal(true);
    await ended;
    socket.destroy();
  });

  it('cuts what does not end in time', async () => {
    const { promise: isAsked, resolve: onAsked } = Promise.withResolvers<void>();
    const url = await start(() => onAsked());
    const hanging = rejectionOf(Error, fetch(url));
    await isAsked;
    expect(await server!.close(0)).to.equal(false);
    await hanging;
  });
});
