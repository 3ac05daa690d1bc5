import { Buffer } from 'node:buffer';
import { RequestStages } from '../../request-record.ts';
import type { AskedHeaders, BodyLimits, BodyShare, Exchange } from '../answer.ts';
import { ClientGone } from '../client-gone.ts';
import { bodyLate, bodyTooLarge } from '../read-body.ts';
import type { PlainHead } from './plain-head.ts';

/** A prediction asked for on a connection that we read ourselves: gathers its body, which is as long as its head says. */
export class DirectExchange implements Exchange {
  readonly querystring = '';
  readonly prefersCsv = false;
  readonly stages = new RequestStages();
  readonly gone = new ClientGone();
  readonly startedMs = performance.now();
  readonly head: PlainHead;
  /** Its answer has been written, or its client has gone. */
  isOver = false;
  #chunks: Buffer[] = [];
  /** Of the body, that have not come yet. */
  #missingBytes: number;
  #share: BodyShare | undefined;
  #waiting: PromiseWithResolvers<void> | undefined;
  #onOver: (() => void) | undefined;

  constructor(head: PlainHead) {
    this.head = head;
    this.#missingBytes = head.bodyBytes;
  }

  get headers(): AskedHeaders {
    return this.head.headers;
  }

  get hasWholeBody(): boolean {
    return this.#missingBytes === 0;
  }

  /**
   * Takes what belongs to its body; once it is over, to drop it.
   * @returns the bytes behind it, undefined when there are none
   */
  take(bytes: Buffer): Buffer | undefined {
    const own = bytes.length <= this.#missingBytes ? bytes : bytes.subarray(0, this.#missingBytes);
    this.#missingBytes -= own.length;
    if (own.length > 0 && !this.isOver) this.#keep(own);
    if (this.#missingBytes === 0) this.#waiting?.resolve();
    return own.length < bytes.length ? bytes.subarray(own.length) : undefined;
  }

  #keep(bytes: Buffer): void {
    this.#chunks.push(bytes);
    try {
      this.#share?.take(bytes.length);
    } catch (error) {
      this.#waiting?.reject(error);
    }
  }

  readBody({ maxBytes, timeoutMs, share }: BodyLimits): Buffer | Promise<Buffer> {
    if (this.head.bodyBytes > maxBytes) throw bodyTooLarge(maxBytes);
    if (this.isOver) throw bodyLate();
    this.#share = share;
    for (const { length } of this.#chunks) share?.take(length);
    return this.#missingBytes > 0 ? this.#rest(timeoutMs) : this.#body();
  }

  #body(): Buffer {
    const [first] = this.#chunks;
    return first && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
  }

  async #rest(timeoutMs: number): Promise<Buffer> {
    const waiting = Promise.withResolvers<void>();
    this.#waiting = waiting;
    const timer = setTimeout(() => waiting.reject(bodyLate()), timeoutMs);
    try {
      await waiting.promise;
      return this.#body();
    } finally {
      clearTimeout(timer);
    }
  }

  onceOver(callback: () => void): void {
    if (this.isOver) return callback();
    const before = this.#onOver;
    this.#onOver = before
      ? () => {
          before();
          callback();
        }
      : callback;
  }

  /** Ends it. @param isAnswered whether its client got the answer */
  end(isAnswered: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#chunks = [];
    if (!isAnswered) {
      this.gone.abort();
      this.#waiting?.reject(bodyLate());
    }
    this.#onOver?.();
  }
}
