import { join } from 'node:path';
import { AskedProcess } from '../asked-process.ts';
import { CLIENT_CORE } from '../pinning.ts';
import type { ClosedLoop, ClosedLoopResult } from './closed-loop.ts';
import type { OpenLoop, OpenLoopResult } from './open-loop.ts';
import type { Probes, ProbesResult } from './probes.ts';

/** What a load generator's process is asked for. */
export type ClientRequest =
  | { readonly kind: 'closed-loop'; readonly load: ClosedLoop }
  | { readonly kind: 'open-loop'; readonly load: OpenLoop }
  | { readonly kind: 'probes'; readonly load: Probes };

/** A load generator, seen from outside: one thing at a time. Probes beside a load take a second one. */
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

  openLoop(load: OpenLoop): Promise<OpenLoopResult> {
    return this.#ask({ kind: 'open-loop', load }) as Promise<OpenLoopResult>;
  }

  probes(load: Probes): Promise<ProbesResult> {
    return this.#ask({ kind: 'probes', load }) as Promise<ProbesResult>;
  }

  /** Others on its core go first from now on. */
  giveWay(): void {
    this.#process.giveWay();
  }

  #ask(request: ClientRequest): Promise<unknown> {
    return this.#process.ask(request);
  }

  close(): void {
    this.#process.close();
  }
}
