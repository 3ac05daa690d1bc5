import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { DirectDoor } from '../../../../runtime/http/direct/direct-door.ts';
import { RequestError } from '../../../../runtime/errors.ts';
import { type Answerer, errorAnswer } from '../../../../runtime/http/answer.ts';
import type { RequestRecord } from '../../../../runtime/request-record.ts';
import { ServingState } from '../../../../runtime/serving-state.ts';
import { eventually } from '../../../support/eventually.ts';

const TIMES = { firstRequestTimeoutMs: 10_000, keepAliveTimeoutMs: 65_000, requestTimeoutMs: 5000 };
const LIMITS = { maxBytes: 1_000_000, timeoutMs: 5000 };

/** Says what it got. */
const echo: Answerer = async (exchange) => ({
  status: 200,
  contentType: 'text/plain',
  body: `<${(await exchange.readBody(LIMITS)).toString()}>`,
  headers: [],
});

const post = (body: string, headers = '', path = '/echo'): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/** A door with the routes `/echo` and `/other`, and node:http behind it, which answers `[path]`. */
class Bed implements AsyncDisposable {
  readonly records: RequestRecord[] = [];
  readonly state = new ServingState();
  readonly door: DirectDoor;
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  handedOver = 0;

  constructor(other: Answerer = echo) {
    const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
    const routes = new Map([
      ['POST /echo', { pattern: '/echo', answerTo: echo }],
      ['POST /other', { pattern: '/other', answerTo: other }],
    ]);
    const observe = (record: RequestRecord): void => void this.records.push(record);
    this.door = new DirectDoor({ routes, state: this.state, observe, log });
    this.#server = createServer((request, response) => {
      request.resume().once('end', () => response.end(`[${request.url}]`));
    });
    const [take] = this.#server.listeners('connection') as [(socket: Socket) => void];
    this.#server.removeAllListeners('connection').on('connection', (socket: Socket) =>
      this.door.accept(socket, {
        times: TIMES,
        handOver: (taken) => {
          this.handedOver += 1;
          take.call(this.#server, taken);
        },
        refuse: (refused) => void refused.end('refused'),
      }),
    );
  }

  async connect(): Promise<Socket> {
    if (!this.#server.listening) await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    const socket = connect((this.#server.address() as AddressInfo).port, '127.0.0.1').setNoDelay();
    socket.on('error', () => {});
    this.#sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Bodies of answers as they come; connections that node:http has get them in chunks. */
function bodiesOn(socket: Socket): { readonly bodies: () => string[]; readonly text: () => string } {
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  return { bodies: () => text.match(/<[^>]*>|\[[^\]]*\]/g) ?? [], text: () => text };
}

const pause = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 5));

describe('a connection that is answered directly', () => {
  it('stays with the door for as long as its requests are plain', async () => {
    await using bed = new Bed();
    const socket = await bed.connect();
    const { bodies, text } = bodiesOn(socket);
    for (const body of ['a', 'b', 'ü']) {
      socket.write(post(body));
      await eventually(() => expect(bodies().at(-1)).to.equal(`<${Buffer.from(body).toString('latin1')}>`));
    }
    expect(text()).to.match(
      /^HTTP\/1\.1 200 OK\r\nX-Request-Id: [0-9a-f-]{36}\r\nContent-Type: text\/plain\r\nContent-Length: 3\r\n/,
    );
    expect(bed.handedOver).to.equal(0);
    expect(bed.records.map(({ route, status, method }) => [route, status, method])).to.deep.equal(
      Array.from({ length: 3 }, () => ['/echo', 200, 'POST']),
    );
  });

  it('answers in order what is sent at once, and gives what is not plain to node:http', async () => {
    await using bed = new Bed();
    const socket = await bed.connect();
    const { bodies } = bodiesOn(socket);
    const get = 'GET /page HTTP/1.1\r\nHost: x\r\n\r\n';
    socket.write(post('1') + post('2') + post('3') + get + post('4') + post('', '', '/else'));
    await eventually(() => expect(bodies()).to.deep.equal(['<1>', '<2>', '<3>', '[/page]', '[/echo]', '[/else]']));
    expect(bed.handedOver).to.equal(1);
  });

  it('gives the same answers wherever the bytes are cut', async () => {
    await using bed = new Bed();
    const words = Buffer.from(post('first') + post('', 'X-Request-Id: a\r\n') + post('last'));
    for (let cut = 1; cut < words.length; cut += 7) {
      const socket = await bed.connect();
      const { bodies } = bodiesOn(socket);
      socket.write(words.subarray(0, cut));
      await pause();
      socket.write(words.subarray(cut));
      // A head that comes in pieces goes to node:http, which says the path.
      await eventually(() => expect(bodies(), `cut at ${cut}`).to.have.length(3));
      for (const [index, body] of bodies().entries()) {
        expect(body, `cut at ${cut}`).to.be.oneOf([`<${['first', '', 'last'][index]}>`, '[/echo]']);
      }
      socket.destroy();
    }
  });

  it('takes a body that comes in many pieces', async () => {
    await using bed = new Bed();
    const socket = await bed.connect();
    const { bodies } = bodiesOn(socket);
    const body = 'x'.repeat(200_000);
    const words = Buffer.from(post(body) + post('next'));
    for (let start = 0; start < words.length; start += 50_000) {
      socket.write(words.subarray(start, start + 50_000));
      await pause();
    }
    await eventually(() => expect(bodies()).to.deep.equal([`<${body}>`, '<next>']));
    expect(bed.handedOver).to.equal(0);
  });

  const full = new RequestError('Overloaded', 'full', { retryAfterSeconds: 7 });
  const REFUSALS: Readonly<Record<string, Answerer>> = {
    'at once': () => errorAnswer(full),
    'by throwing': () => {
      throw full;
    },
    later: () => Promise.reject(full),
  };
  for (const [when, refuse] of Object.entries(REFUSALS)) {
    it(`reads on over the rest of a body that was refused early, ${when}`, async () => {
      await using bed = new Bed(refuse);
      const socket = await bed.connect();
      const { bodies, text } = bodiesOn(socket);
      const words = Buffer.from(post('x'.repeat(1000), '', '/other') + post('next'));
      socket.write(words.subarray(0, 500));
      await eventually(() =>
        expect(text())
          .to.match(/^HTTP\/1\.1 429 Too Many Requests\r\n.*Retry-After: 7\r\n/s)
          .and.include('"full"'),
      );
      socket.write(words.subarray(500));
      await eventually(() => expect(bodies()).to.deep.equal(['<next>']));
      expect(bed.records.map(({ status }) => status)).to.deep.equal([429, 200]);
    });
  }

  it('ends after the answer when the client says so, whatever it sent behind', async () => {
    await using bed = new Bed();
    const socket = await bed.connect();
    const { bodies, text } = bodiesOn(socket);
    socket.write(post('only', 'Connection: close\r\n') + post('ignored'));
    await once(socket, 'close');
    expect(bodies()).to.deep.equal(['<only>']);
    expect(text()).to.include('\r\nConnection: close\r\n');
  });

  it('ends after the answer while the process is ending', async () => {
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    await using bed = new Bed(async (exchange) => {
      begun.resolve();
      await goOn.promise;
      return echo(exchange);
    });
    const socket = await bed.connect();
    const { text } = bodiesOn(socket);
    socket.write(post('last', '', '/other'));
    await begun.promise;
    bed.state.drain();
    goOn.resolve();
    await once(socket, 'close');
    expect(text()).to.include('Connection: close').and.include('<last>');
  });

  it('tells who computes that the client has gone', async () => {
    const begun = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    await using bed = new Bed(async (exchange) => {
      exchange.gone.addEventListener('abort', gone.resolve);
      begun.resolve();
      await gone.promise;
      return echo(exchange);
    });
    const socket = await bed.connect();
    socket.write(post('', '', '/other'));
    await begun.promise;
    socket.destroy();
    await gone.promise;
    await eventually(() => expect(bed.records.map(({ status }) => status)).to.deep.equal([499]));
  });

  it('refuses a body that ends before its length', async () => {
    await using bed = new Bed();
    const socket = await bed.connect();
    const { text } = bodiesOn(socket);
    socket.end(post('whole').slice(0, -1));
    await once(socket, 'close');
    expect(text()).to.equal('refused');
    await eventually(() => expect(bed.records.map(({ status }) => status)).to.deep.equal([499]));
  });

  it('does not read what a client sends ahead without end', async () => {
    const goOn = Promise.withResolvers<void>();
    await using bed = new Bed(async (exchange) => {
      await goOn.promise;
      return echo(exchange);
    });
    const socket = await bed.connect();
    const { bodies } = bodiesOn(socket);
    socket.write(post('held', '', '/other'));
    const ahead = Buffer.from(post('y'.repeat(1000)).repeat(100));
    // Until the kernel's buffers are full: 100 MB would fit nowhere else.
    let sent = 0;
    while (sent < 1000 && socket.write(ahead)) sent += 1;
    await pause();
    expect(socket.writableLength).to.be.greaterThan(0);
    goOn.resolve();
    await eventually(() => expect(bodies().length).to.be.greaterThan(50));
    expect(bodies()[0]).to.equal('<held>');
  });

  for (const [name, words, afterMs, isOpen] of [
    ['nothing was ever sent on, for a while', '', TIMES.firstRequestTimeoutMs - 1000, true],
    ['nothing was ever sent on, for too long', '', TIMES.firstRequestTimeoutMs + 1000, false],
    ['was answered, for a while', post('a'), TIMES.keepAliveTimeoutMs - 1000, true],
    ['was answered, for too long', post('a'), TIMES.keepAliveTimeoutMs + 1000, false],
  ] as const) {
    it(`is ${isOpen ? 'kept' : 'closed'} when it ${name}`, async () => {
      await using bed = new Bed();
      const socket = await bed.connect();
      const { bodies } = bodiesOn(socket);
      if (words !== '') socket.write(words);
      await eventually(() => expect(bodies()).to.have.length(words === '' ? 0 : 1));
      await pause();
      bed.door.checkTimes(performance.now() + afterMs);
      if (isOpen) {
        socket.write(post('more'));
        await eventually(() => expect(bodies().at(-1)).to.equal('<more>'));
      } else {
        await once(socket, 'close');
      }
    });
  }

  it('is closed when the rest of a refused body does not come', async () => {
    const refuse: Answerer = () => Promise.reject(new RequestError('PayloadTooLarge', 'no'));
    await using bed = new Bed(refuse);
    const socket = await bed.connect();
    const { text } = bodiesOn(socket);
    socket.write(post('x'.repeat(1000), '', '/other').slice(0, -1));
    await eventually(() => expect(text()).to.include('413'));
    bed.door.checkTimes(performance.now() + TIMES.requestTimeoutMs + 1000);
    await once(socket, 'close');
  });

  it('is closed with the server: idle ones first, then all', async () => {
    const begun = Promise.withResolvers<void>();
    await using bed = new Bed(() => {
      begun.resolve();
      return new Promise(() => {});
    });
    const [idle, busy] = [await bed.connect(), await bed.connect()];
    busy.write(post('', '', '/other'));
    await begun.promise;
    bed.door.closeIdle();
    await once(idle.resume(), 'close');
    expect(busy.closed).to.equal(false);
    bed.door.closeAll();
    await once(busy.resume(), 'close');
  });
});
