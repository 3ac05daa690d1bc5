import type { ServerResponse } from 'node:http';
import type { GoneSignal } from '../batching/pending-request.ts';

/** Aborted when the client goes away before its answer has been written. */
export function clientGone(response: ServerResponse): GoneSignal {
  const signal = new ClientGone();
  response.once('close', () => {
    if (!response.writableFinished) signal.abort();
  });
  return signal;
}

/** An AbortSignal for one listener at a time: a real one takes longer to make than everything else about most requests. */
export class ClientGone implements GoneSignal {
  aborted = false;
  #listener: (() => void) | undefined;

  abort(): void {
    this.aborted = true;
    this.#listener?.();
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listener = listener;
  }

  removeEventListener(): void {
    this.#listener = undefined;
  }
}
