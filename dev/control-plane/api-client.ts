import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { Certificate } from './certificates.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}

/** The few plain calls the test bed itself makes as the cluster's administrator. Tests bring their own client. */
export class ApiClient {
  readonly #url: string;
  readonly #tls: { ca: Buffer; cert: Buffer; key: Buffer };
  readonly #agent = new Agent({ keepAlive: true });

  constructor(url: string, authorityFile: string, { certificateFile, keyFile }: Certificate) {
    this.#url = url;
    this.#tls = {
      ca: readFileSync(authorityFile),
      cert: readFileSync(certificateFile),
      key: readFileSync(keyFile),
    };
  }

  /** @throws Error when no answer comes; any HTTP status is an answer. */
  call(method: string, path: string, body?: object): Promise<ApiAnswer> {
    return new Promise((resolve, reject) => {
      const call = request(new URL(path, this.#url), {
        ...this.#tls,
        agent: this.#agent,
        method,
        headers: { 'content-type': 'application/json', 'user-agent': 'test-bed' },
        timeout: 10_000,
      });
      call.once('timeout', () => call.destroy(new Error(`${method} ${path}: no answer within 10 s`)));
      call.once('error', reject);
      call.once('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        );
      });
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
