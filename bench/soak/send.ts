import { Agent, request } from 'node:http';
import type { SoakRequest } from './requests.ts';

const TIMEOUT_MS = 20_000;

/** Sends requests over a few kept connections. */
export class Sender {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 });

  constructor(port: number) {
    this.#port = port;
  }

  /** @returns what went wrong; undefined when the answer was the expected one */
  send({ name, path, headers, body, status }: SoakRequest): Promise<string | undefined> {
    return new Promise((resolve) => {
      const options = { port: this.#port, host: '127.0.0.1', path, method: 'POST', agent: this.#agent };
      const call = request({ ...options, headers: { ...headers, 'content-length': String(body.length) } });
      call.setTimeout(TIMEOUT_MS, () => call.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
      call.on('response', (response) => {
        response.resume();
        response.once('close', () => {
          const { statusCode, complete } = response;
          const isRight = statusCode === status && complete;
          resolve(isRight ? undefined : `${name}: got ${statusCode}${complete ? '' : ', broken off'}`);
        });
      });
      call.on('error', (error) => resolve(status === undefined ? undefined : `${name}: ${error.message}`));
      if (status !== undefined) {
        call.end(body);
        return;
      }
      // Half of it, then gone.
      call.write(body.subarray(0, body.length / 2), () => call.destroy(new Error('gone')));
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
