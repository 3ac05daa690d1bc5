import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiRequest, AuditMark, RequestFilter } from './audit.ts';
import { readAuditLog } from './audit.ts';

const FLUSH_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

/** The audit log of a running API server, complete up to the moment it is asked. */
export class AuditLog {
  readonly #file: string;
  readonly #ask: (uri: string) => Promise<boolean>;
  #marks = 0;

  /** @param ask makes a request of that path and query; false when there is no server, which then writes no more either */
  constructor(file: string, ask: (uri: string) => Promise<boolean>) {
    this.#file = file;
    this.#ask = ask;
  }

  /** The end of the log. */
  async mark(): Promise<AuditMark> {
    await this.#flush();
    return this.#end();
  }

  /** Oldest answer first. */
  async requests(filter: RequestFilter): Promise<ApiRequest[]> {
    await this.#flush();
    return readAuditLog(this.#file, filter);
  }

  /** A request may be answered a moment before it is written down, so a request of our own is waited for. */
  async #flush(): Promise<void> {
    const since = await this.#end();
    const uri = `/version?test-bed-mark=${(this.#marks += 1)}`;
    if (!(await this.#ask(uri))) return;
    const deadline = Date.now() + FLUSH_TIMEOUT_MS;
    while (!(await readAuditLog(this.#file, { since })).some((request) => request.uri === uri)) {
      if (Date.now() > deadline) throw new Error(`${uri} does not appear in ${this.#file}`);
      await delay(POLL_MS);
    }
  }

  async #end(): Promise<AuditMark> {
    return (await stat(this.#file)).size as AuditMark;
  }
}
