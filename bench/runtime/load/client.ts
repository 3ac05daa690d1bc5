import { join } from 'node:path';
import { AskedProcess } from '../asked-process.ts';
import { CLIENT_CORE } from '../pinning.ts';
import type { ClosedLoop, ClosedLoopResult } from './closed-loop.ts';

/** What the load generator's process is asked for. */
export type ClientRequest = { readonly kind: 'closed-loop'; readonly load: ClosedLoop };

/** The load generator, seen from outside. */
export class LoadClient {
  readonly #process: AskedProcess;

  private constructor(process: AskedProcess) {
    this.#process = process;
  }

  static async start(): Promise<LoadClient> {
    return new LoadClient(await AskedProcess.start(CLIENT_CORE, [join(import.meta.dirname, 'client-process.ts')]));
  }

  /** @throws Error when an answer is not 200 or a connection breaks */
  closedLoop(load: ClosedLoop): Promise<ClosedLoopResult> {
    return this.#ask({ kind: 'closed-loop', load }) as Promise<ClosedLoopResult>;
  }

  #ask(request: ClientRequest): Promise<unknown> {
    return this.#process.ask(request);
  }

  close(): void {
    this.#process.close();
  }
}
