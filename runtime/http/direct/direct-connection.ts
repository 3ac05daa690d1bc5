import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { requestIdFrom } from '../../request-id.ts';
import { errorAnswer, type HttpAnswer } from '../answer.ts';
import { compress, isWorthCompressing } from '../compress-responses.ts';
import { toRequestError } from '../render-errors.ts';
import { answerHead } from './answer-head.ts';
import { DirectExchange } from './direct-exchange.ts';
import type { DirectDependencies, DirectRoute } from './direct-door.ts';
import { readPlainHead } from './plain-head.ts';

/** When connections are ended, in milliseconds. */
export interface ConnectionTimes {
  /** Without any byte. */
  readonly firstRequestTimeoutMs: number;
  /** After an answer. */
  readonly keepAliveTimeoutMs: number;
  /** For the whole of a request. */
  readonly requestTimeoutMs: number;
}

/** What becomes of a connection that is no longer ours. */
export interface ConnectionEnds {
  readonly times: ConnectionTimes;
  /** The socket is node:http's from here on, with what was read and not answered put back. */
  handOver(socket: Socket): void;
  /** The client has closed its half in the middle of a body. */
  refuse(socket: Socket): void;
  /** It is closed, or handed over. */
  over(connection: DirectConnection): void;
}

const MAX_COPIED_BYTES = 16 * 1024;

/** A request whose answer is being made. */
interface AskedRoute {
  readonly exchange: DirectExchange;
  readonly route: DirectRoute;
  readonly requestId: string;
}

/**
 * A connection whose requests are answered without node:http for as long as they are plain. The first that is not takes the connection over to node:http, for good.
 * One request at a time: what a client sends before it has its answer stays in the socket.
 */
export class DirectConnection {
  readonly #socket: Socket;
  readonly #dependencies: DirectDependencies;
  readonly #ends: ConnectionEnds;
  /** From its head until its answer has been written and its body has come, or has been dropped. */
  #exchange: DirectExchange | undefined;
  #hasServed = false;
  /** Nothing more is answered. */
  #isClosing = false;
  #idleSinceMs = performance.now();

  constructor(socket: Socket, dependencies: DirectDependencies, ends: ConnectionEnds) {
    this.#socket = socket;
    this.#dependencies = dependencies;
    this.#ends = ends;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', ignore);
    socket.on('close', this.#onClose);
  }

  /** Between two requests. */
  get isIdle(): boolean {
    return this.#exchange === undefined;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Ends a connection that nothing has come on for too long. */
  checkTime(nowMs: number): void {
    const { firstRequestTimeoutMs, keepAliveTimeoutMs, requestTimeoutMs } = this.#ends.times;
    const idleMs = this.#hasServed ? keepAliveTimeoutMs : firstRequestTimeoutMs;
    const exchange = this.#exchange;
    // What is still to be answered has limits of its own.
    const isLate = exchange
      ? exchange.isOver && nowMs - exchange.startedMs > requestTimeoutMs
      : nowMs - this.#idleSinceMs > idleMs;
    if (isLate) this.destroy();
  }

  readonly #onData = (bytes: Buffer): void => {
    const exchange = this.#exchange;
    if (this.#isClosing) return;
    if (!exchange) return this.#begin(bytes);
    this.#putBack(exchange.take(bytes));
    if (exchange.isOver && exchange.hasWholeBody) this.#next();
  };

  #begin(bytes: Buffer): void {
    const { routes, state } = this.#dependencies;
    const head = readPlainHead(bytes);
    const route = head && routes.get(`${head.method} ${head.path}`);
    if (!route || state.isDraining || head.headers.accept?.includes('text/csv') === true) {
      this.#handOver(bytes);
      return;
    }
    const exchange = new DirectExchange(head);
    this.#exchange = exchange;
    this.#hasServed = true;
    this.#putBack(exchange.take(bytes.subarray(head.headBytes)));
    const asked: AskedRoute = { exchange, route, requestId: requestIdFrom(head.headers['x-request-id'] ?? '') };
    try {
      const answer = this.#answerOf(asked);
      if (answer instanceof Promise) void this.#sendLater(asked, answer);
      else this.#send(asked, answer);
    } catch (err) {
      this.#fail(err);
    }
  }

  #answerOf(asked: AskedRoute): HttpAnswer | Promise<HttpAnswer> {
    try {
      return asked.route.answerTo(asked.exchange);
    } catch (error) {
      return this.#errorAnswer(asked, error);
    }
  }

  #errorAnswer({ requestId }: AskedRoute, error: unknown): HttpAnswer {
    return errorAnswer(toRequestError(error, { log: this.#dependencies.log, requestId }));
  }

  async #sendLater(asked: AskedRoute, promised: Promise<HttpAnswer>): Promise<void> {
    let answer: HttpAnswer;
    try {
      answer = await promised;
    } catch (error) {
      answer = this.#errorAnswer(asked, error);
    }
    try {
      this.#send(asked, answer);
    } catch (err) {
      this.#fail(err);
    }
  }

  /** Past rendering errors: our mistake, which must end no more than this connection. */
  #fail(err: unknown): void {
    this.#dependencies.log.error({ err }, 'answer failed');
    this.destroy();
  }

  #send({ exchange, route, requestId }: AskedRoute, answer: HttpAnswer): void {
    const { observe, state } = this.#dependencies;
    const { headers } = exchange;
    exchange.onceOver(() =>
      observe({
        protocol: 'http',
        method: exchange.head.method,
        route: route.pattern,
        status: exchange.gone.aborted ? 499 : answer.status,
        isFailure: !exchange.gone.aborted && answer.status >= 500,
        startedMs: exchange.startedMs,
        durationMs: performance.now() - exchange.startedMs,
        requestId,
        generation: state.model?.generation,
        traceparent: headers.traceparent,
        tracestate: headers.tracestate,
        stages: exchange.stages,
      }),
    );
    const varies = isWorthCompressing(answer.body);
    if (varies && headers['accept-encoding'] !== undefined) void this.#compressAndWrite(exchange, answer, requestId);
    else this.#write(exchange, answer, { requestId, varies, body: answer.body });
  }

  async #compressAndWrite(exchange: DirectExchange, answer: HttpAnswer, requestId: string): Promise<void> {
    try {
      const coded = await compress(answer.body, exchange.headers['accept-encoding']);
      this.#write(exchange, answer, { requestId, varies: true, ...(coded ?? { body: answer.body }) });
    } catch (err) {
      this.#fail(err);
    }
  }

  #write(
    exchange: DirectExchange,
    answer: HttpAnswer,
    made: { requestId: string; varies: boolean; body: string | Buffer; coding?: string },
  ): void {
    if (exchange.isOver) return;
    const { state } = this.#dependencies;
    const socket = this.#socket;
    const { requestId, varies, body, coding } = made;
    const closes = exchange.head.closes || state.isDraining;
    const bodyBytes = Buffer.byteLength(body);
    const generation = state.model?.generation;
    const text = answerHead(answer, { requestId, generation, bodyBytes, varies, coding, closes });
    // One byte a character is what most answers are, and faster. One piece costs less than two, unless much has to be copied.
    if (typeof body === 'string') {
      socket.write(text + body, bodyBytes === body.length ? 'latin1' : 'utf8');
    } else if (bodyBytes <= MAX_COPIED_BYTES) {
      socket.write(Buffer.concat([Buffer.from(text, 'latin1'), body]));
    } else {
      socket.cork();
      socket.write(text, 'latin1');
      socket.write(body);
      socket.uncork();
    }
    this.#isClosing = closes;
    // Most answers the kernel takes at once; to be called back costs each of them a turn of the tick queue.
    if (socket.writableLength === 0 && socket.errored === null && !socket.destroyed) this.#onWritten();
    else socket.write('', this.#onWritten);
    if (closes) socket.destroySoon();
  }

  readonly #onWritten = (error?: Error | null): void => {
    const exchange = this.#exchange;
    // Closing tells it.
    if (!exchange || error) return;
    exchange.end(true);
    if (exchange.hasWholeBody) this.#next();
  };

  #next(): void {
    this.#exchange = undefined;
    this.#idleSinceMs = performance.now();
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  /** Bytes of later requests wait in the socket. */
  #putBack(bytes: Buffer | undefined): void {
    if (!bytes) return;
    this.#socket.pause();
    this.#socket.unshift(bytes);
  }

  #handOver(bytes: Buffer): void {
    const socket = this.#socket;
    socket.off('data', this.#onData).off('end', this.#onEnd).off('error', ignore).off('close', this.#onClose);
    this.#ends.over(this);
    this.#putBack(bytes);
    this.#ends.handOver(socket);
    socket.resume();
  }

  /** As node:http has it, a client that sends no more does not wait for its answer either. */
  readonly #onEnd = (): void => {
    const exchange = this.#exchange;
    if (exchange && !exchange.isOver && !exchange.hasWholeBody) this.#ends.refuse(this.#socket);
    else this.#socket.end();
  };

  readonly #onClose = (): void => {
    this.#exchange?.end(false);
    this.#ends.over(this);
  };
}

/** Of a connection that broke nobody can be told. */
function ignore(): void {}
