import { connect, type Socket } from 'node:net';
import { setInterval } from 'node:timers';
import { expect } from 'chai';
import { serveApp, type ServedApp } from '../../support/http-app.ts';

const ROW = '{"instances": [[1, 2, 3, 4]]}';
const TYPE = 'Host: x\r\nContent-Type: application/json\r\n';
const LENGTH = `Content-Length: ${ROW.length}\r\n`;
const CHUNKS = `${ROW.length.toString(16)}\r\n${ROW}\r\n0\r\n\r\n`;
/** What a smuggler hides behind a body that two servers see differently. */
const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n';

const post = (headers: string, rest: string): string => `POST /predict HTTP/1.1\r\n${TYPE}${headers}\r\n${rest}`;

/** Statuses of all answers on a connection. */
const statusesIn = (answer: string): number[] =>
  [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code));

/** All that comes until the connection ends, also when the server resets it. */
async function answerOn(socket: Socket): Promise<string> {
  let answer = '';
  socket.on('data', (bytes: Buffer) => (answer += bytes.toString('latin1')));
  socket.on('error', () => {});
  const { promise: closed, resolve } = Promise.withResolvers<unknown>();
  socket.once('close', resolve);
  await closed;
  return answer;
}

describe('hostile clients', () => {
  let app: ServedApp;
  beforeEach(async () => {
    app = await serveApp({ limits: { maxRequestBytes: 2000, requestTimeoutMs: 300 } });
  });
  afterEach(() => app[Symbol.asyncDispose]());

  const open = (): Socket => connect(app.port, '127.0.0.1');
  const say = async (words: string | Buffer): Promise<string> => {
    const socket = open();
    socket.end(words);
    return answerOn(socket);
  };
  const expectServing = async (): Promise<void> => {
    expect(statusesIn(await say(post(`${LENGTH}Connection: close\r\n`, ROW)))).to.deep.equal([200]);
    expect(app.logged).to.deep.equal([]);
  };

  describe('requests that two servers could read differently', () => {
    for (const [name, words] of [
      ['a length and chunks', post(`${LENGTH}Transfer-Encoding: chunked\r\n`, CHUNKS)],
      ['chunks and a length', post(`Transfer-Encoding: chunked\r\n${LENGTH}`, CHUNKS)],
      ['two lengths that differ', post(`${LENGTH}Content-Length: 5\r\n`, ROW)],
      ['the same length twice', post(LENGTH + LENGTH, ROW)],
      ['a list of lengths', post(`Content-Length: ${ROW.length}, ${ROW.length}\r\n`, ROW)],
      ['a negative length', post('Content-Length: -1\r\n', ROW)],
      ['a length with a sign', post(`Content-Length: +${ROW.length}\r\n`, ROW)],
      ['a length in hex', post(`Content-Length: 0x1d\r\n`, ROW)],
      ['a length beyond 2^64', post(`Content-Length: 18446744073709551646\r\n`, ROW)],
      ['a space before the colon', post(`Content-Length : ${ROW.length}\r\n`, ROW)],
      ['a coding that is not chunked', post('Transfer-Encoding: identity\r\n', ROW)],
      ['chunked, but not at the end', post('Transfer-Encoding: chunked, gzip\r\n', CHUNKS)],
      ['chunked twice', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', CHUNKS)],
      ['xchunked', post('Transfer-Encoding: xchunked\r\n', CHUNKS)],
      ['a vertical tab before chunked', post('Transfer-Encoding: \u000bchunked\r\n', CHUNKS)],
      ['a folded header', post(`Transfer-Encoding:\r\n chunked\r\n`, CHUNKS)],
      ['a bare CR in a header', post(`X: a\rContent-Length: 3\r\n${LENGTH}`, ROW)],
      ['lines that end in LF', `POST /predict HTTP/1.1\nHost: x\nContent-Length: ${ROW.length}\n\n${ROW}`],
      ['a NUL in a header', post(`X: a\0b\r\n${LENGTH}`, ROW)],
      ['a header without a name', post(`: a\r\n${LENGTH}`, ROW)],
      ['a chunk size that is no number', post('Transfer-Encoding: chunked\r\n', `zz\r\n${ROW}\r\n0\r\n\r\n`)],
      ['a chunk size with a sign', post('Transfer-Encoding: chunked\r\n', `+${CHUNKS}`)],
      ['a chunk size beyond 2^64', post('Transfer-Encoding: chunked\r\n', `1000000000000001d\r\n${ROW}\r\n0\r\n\r\n`)],
      ['a chunk that is longer than its size', post('Transfer-Encoding: chunked\r\n', `1\r\n${ROW}\r\n0\r\n\r\n`)],
      ['no host', `POST /predict HTTP/1.1\r\n${LENGTH}\r\n${ROW}`],
      ['a space in the path', 'POST /predict /x HTTP/1.1\r\nHost: x\r\n\r\n'],
      ['a version that is none', `POST /predict HTTP/1.2\r\nHost: x\r\n${LENGTH}\r\n${ROW}`],
      ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
      ['a TLS client hello', Buffer.from('16030100a50100', 'hex')],
    ] as const) {
      it(`are refused, and what follows is not read: ${name}`, async () => {
        const answer = await say(Buffer.concat([Buffer.from(words), Buffer.from(HIDDEN)]));
        expect(statusesIn(answer)).to.deep.equal([400]);
        expect(answer).not.to.include('/hidden');
        await expectServing();
      });
    }
  });

  describe('requests that are too much', () => {
    for (const [name, words, status] of [
      ['a path of 20 kB', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
      ['a query of 20 kB', `GET /livez?${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
      ['a header of 20 kB', `GET /livez HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
      ['10,000 headers', `GET /livez HTTP/1.1\r\nHost: x\r\n${'a: b\r\n'.repeat(10_000)}\r\n`, 431],
      ['a chunk extension without end', post('Transfer-Encoding: chunked\r\n', `1;${'a'.repeat(20_000)}\r\n`), 400],
      [
        'trailers without end',
        post('Transfer-Encoding: chunked\r\n', `${CHUNKS.slice(0, -2)}${'a: b\r\n'.repeat(10_000)}\r\n`),
        431,
      ],
    ] as const) {
      it(`are refused: ${name}`, async () => {
        expect(statusesIn(await say(words))).to.deep.equal([status]);
        await expectServing();
      });
    }

    it('are refused while they are sent: a body without end', async () => {
      const socket = open();
      const answered = answerOn(socket);
      const chunk = Buffer.from(`400\r\n${' '.repeat(0x400)}\r\n`);
      const write = (): void => {
        while (socket.writable && socket.write(chunk));
      };
      socket.on('drain', write);
      socket.write(post('Transfer-Encoding: chunked\r\n', ''));
      write();
      expect(statusesIn(await answered)).to.deep.equal([413]);
      await expectServing();
    });
  });

  describe('clients that are slow', () => {
    for (const [name, start, piece, status] of [
      ['headers, one by one', 'POST /predict HTTP/1.1\r\nHost: x\r\n', 'X: y\r\n', 408],
      ['a header, byte by byte', 'POST /predict HTTP/1.1\r\nHost: x\r\nX: ', 'y', 408],
      ['a body, byte by byte', post('Content-Length: 1000\r\n', ''), ' ', 504],
      ['chunks, one by one', post('Transfer-Encoding: chunked\r\n', ''), '1\r\n \r\n', 504],
      ['the codes of a chunk, byte by byte', post('Transfer-Encoding: chunked\r\n', ''), '0', 504],
    ] as const) {
      it(`are cut off: ${name}`, async () => {
        const socket = open();
        const answer = answerOn(socket);
        socket.write(start);
        const trickle = setInterval(() => socket.writable && socket.write(piece), 20);
        try {
          expect(statusesIn(await answer)).to.deep.equal([status]);
        } finally {
          clearInterval(trickle);
        }
        await expectServing();
      });
    }

    it('keep nobody else waiting, many of them', async () => {
      const sockets = Array.from({ length: 100 }, open);
      const answered = Promise.all(sockets.map(answerOn));
      for (const socket of sockets) socket.write('POST /predict HTTP/1.1\r\nHost: x\r\n');
      await expectServing();
      const answers = await answered;
      expect(new Set(answers.flatMap(statusesIn))).to.deep.equal(new Set([408]));
    });
  });

  it('cannot make bytes after an upgrade or CONNECT mean anything', async () => {
    for (const words of [
      `GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n`,
      'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n',
    ]) {
      expect(statusesIn(await say(words + HIDDEN)).every((status) => status !== 101)).to.equal(true);
    }
    await expectServing();
  });

  it('leave the server as it was, whatever bytes come', async () => {
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 300; round += 1) {
      const bytes = Buffer.from(post(`${LENGTH}Connection: close\r\n`, ROW));
      for (let change = 0; change <= random(4); change += 1) bytes[random(bytes.length)] = random(256);
      for (const status of statusesIn(await say(bytes))) expect(status).to.be.below(500);
    }
    await expectServing();
  });
});
