import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect } from 'chai';
import { readPlainHead } from '../../../../runtime/http/direct/plain-head.ts';

const LINES = ['POST /predict HTTP/1.1', 'Host: x', 'Content-Type: application/json', 'Content-Length: 12'];

const headOf = (lines: readonly string[]): Buffer => Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
const withLine = (line: string): Buffer => headOf([...LINES, line]);
const instead = (index: number, line: string): Buffer => headOf(LINES.with(index, line));

describe('the head of a plain request', () => {
  it('says path, length and the headers that matter, whatever their case', () => {
    const bytes = headOf([
      'POST /v1/models/a%20b:predict HTTP/1.1',
      'hOST:x',
      'CONTENT-length: \t 007 ',
      'X-Request-Id:  a b ',
      'X-Other: ignored',
      'Accept-Encoding:',
    ]);
    const head = readPlainHead(Buffer.concat([bytes, Buffer.from('1234567')]));
    expect(head).to.deep.equal({
      method: 'POST',
      path: '/v1/models/a%20b:predict',
      headers: { host: 'x', 'content-length': '007', 'x-request-id': 'a b', 'accept-encoding': '' },
      bodyBytes: 7,
      closes: false,
      headBytes: bytes.length,
    });
  });

  it('may be a GET, which has no body', () => {
    const bytes = headOf([
      'GET /livez HTTP/1.1',
      'Host: x',
      'User-Agent: kube-probe/1.36',
      'Accept: */*',
      'Connection: close',
    ]);
    const head = readPlainHead(bytes);
    expect(head).to.deep.include({ method: 'GET', path: '/livez', bodyBytes: 0, closes: true });
    expect(readPlainHead(headOf(['GET /livez HTTP/1.1', 'Host: x', 'Content-Length: 0']))?.bodyBytes).to.equal(0);
  });

  it('is read right however often and among however many others it comes', () => {
    const numbers = Array.from({ length: 300 }, (_, number) => number);
    for (const number of [...numbers, ...numbers]) {
      const head = readPlainHead(
        headOf(LINES.with(0, `POST /${number} HTTP/1.1`).with(3, `Content-Length: ${number}`)),
      );
      expect(head).to.deep.include({ path: `/${number}`, bodyBytes: number });
    }
    for (const id of ['a', 'b', 'a']) {
      expect(readPlainHead(withLine(`X-Request-Id: ${id}`))?.headers['x-request-id']).to.equal(id);
    }
  });

  for (const [value, closes] of [
    ['close', true],
    ['Close', true],
    ['keep-alive', false],
    ['Keep-Alive', false],
  ] as const) {
    it(`says what the client does with the connection: ${value}`, () => {
      expect(readPlainHead(withLine(`Connection: ${value}`))?.closes).to.equal(closes);
    });
  }

  for (const [name, bytes] of [
    ['nothing', Buffer.alloc(0)],
    ['a head that has not come as a whole', headOf(LINES).subarray(0, -1)],
    ['another method', instead(0, 'PUT /predict HTTP/1.1')],
    ['a GET with a body', instead(0, 'GET /predict HTTP/1.1')],
    ['a method in lower case', instead(0, 'post /predict HTTP/1.1')],
    ['another version', instead(0, 'POST /predict HTTP/1.0')],
    ['a target with a host', instead(0, 'POST http://x/predict HTTP/1.1')],
    ['a space in the target', instead(0, 'POST /predict /x HTTP/1.1')],
    ['two spaces before the version', instead(0, 'POST /predict  HTTP/1.1')],
    ['no host', headOf(LINES.toSpliced(1, 1))],
    ['two hosts', withLine('Host: y')],
    ['no length', headOf(LINES.slice(0, 3))],
    ['two lengths', withLine('Content-Length: 12')],
    ['a list of lengths', instead(3, 'Content-Length: 12, 12')],
    ['a length with a sign', instead(3, 'Content-Length: +12')],
    ['a negative length', instead(3, 'Content-Length: -12')],
    ['a length in hex', instead(3, 'Content-Length: 0x12')],
    ['a length that is not whole', instead(3, 'Content-Length: 1.5')],
    ['an empty length', instead(3, 'Content-Length:')],
    ['a length beyond 2^53', instead(3, 'Content-Length: 18446744073709551628')],
    ['a space before the colon', instead(3, 'Content-Length : 12')],
    ['chunks', withLine('Transfer-Encoding: chunked')],
    ['chunks, spelt otherwise', withLine('tRANSFER-encoding:\tchunked')],
    ['a compressed body', withLine('Content-Encoding: gzip')],
    ['trailers', withLine('Trailer: X')],
    ['a question before the body', withLine('Expect: 100-continue')],
    ['an upgrade', withLine('Upgrade: h2c')],
    ['headers for one hop', withLine('Connection: keep-alive, X-Secret')],
    ['a header twice that is looked at', withLine('Content-Type: text/csv')],
    ['a folded line', withLine(' folded')],
    ['a line without a colon', withLine('X')],
    ['a header without a name', withLine(': x')],
    ['a bare CR', withLine('X: a\rb')],
    ['a bare LF', withLine('X: a\nContent-Encoding: gzip')],
    ['lines that end in LF', Buffer.from(`${LINES.join('\n')}\n\n`)],
    ['a NUL', withLine('X: a\0b')],
    ['another control character', withLine('X: a\u000bb')],
    ['DEL', withLine('X: a\u007fb')],
    ['a name that is not ASCII', withLine('X\u00e4: a')],
    ['an empty line before it', Buffer.concat([Buffer.from('\r\n'), headOf(LINES)])],
    ['more than 8 KiB', withLine(`X: ${'a'.repeat(8192)}`)],
    ['bytes', Buffer.from('16030100a50100', 'hex')],
  ] as const) {
    it(`is not plain: ${name}`, () => {
      expect(readPlainHead(bytes)).to.equal(undefined);
    });
  }

  it('means what node:http takes it for, whatever the bytes are', async () => {
    const { promise: port, resolve } = Promise.withResolvers<number>();
    let seen: IncomingMessage | undefined;
    await using server = createServer((request, response) => {
      seen = request;
      response.end();
    }).listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    const ask = async (bytes: Buffer): Promise<IncomingMessage | undefined> => {
      seen = undefined;
      const socket = connect(await port, '127.0.0.1').on('error', () => {});
      socket.resume().end(bytes);
      await once(socket, 'close');
      return seen;
    };
    const parts = [
      'x',
      'HOST',
      ' ',
      '\t',
      ':',
      '12',
      '0',
      ',',
      'close',
      'Content-Length',
      'é',
      '\r',
      '\n',
      '\r\n',
      '\0',
    ];
    let seed = 11;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    let plain = 0;
    for (let round = 0; round < 600; round += 1) {
      let text = headOf([...LINES, 'X-Request-Id: a', 'Accept: */*'])
        .toString('latin1')
        .slice(0, -4);
      for (let change = 0; change <= random(2); change += 1) {
        const at = random(text.length);
        text = text.slice(0, at) + parts[random(parts.length)]! + text.slice(at + random(3));
      }
      const bytes = Buffer.from(`${text}\r\n\r\n`, 'latin1');
      const head = readPlainHead(bytes);
      if (!head || head.bodyBytes > 1000) continue;
      plain += 1;
      const request = await ask(Buffer.concat([bytes, Buffer.alloc(head.bodyBytes, 0x20)]));
      expect(request?.url, text).to.equal(head.path);
      for (const [name, value] of Object.entries(head.headers)) {
        expect(request?.headers[name], `${name} in ${text}`).to.equal(value);
      }
    }
    expect(plain).to.be.greaterThan(100);
  });
});
