import { RequestError } from '../errors.ts';
import type { BodyShare, Exchange } from './answer.ts';

/** Bodies of the largest size that may be held at once; with the default of 16 MiB an eighth of the default memory limit. */
const LARGEST_AT_ONCE = 4;

/** Bytes of bodies that the process holds at once, whoever sent them: many large ones together must not use up its memory. */
export class BodyBudget {
  readonly #maxBytes: number;
  #heldBytes = 0;

  constructor(maxRequestBytes: number) {
    this.#maxBytes = LARGEST_AT_ONCE * maxRequestBytes;
  }

  /** A share for one request, given back when its answer is over. */
  share(exchange: Pick<Exchange, 'onceOver'>): BodyShare {
    let ownBytes = 0;
    let isOver = false;
    exchange.onceOver(() => {
      this.#heldBytes -= ownBytes;
      isOver = true;
    });
    return {
      take: (bytes) => {
        // After the answer nobody keeps what still arrives.
        if (isOver) return;
        if (this.#heldBytes > 0 && this.#heldBytes + bytes > this.#maxBytes) {
          throw new RequestError('Overloaded', 'too many large requests at once; try again', { retryAfterSeconds: 1 });
        }
        ownBytes += bytes;
        this.#heldBytes += bytes;
      },
    };
  }
}
