import { startFaultyApiServer, type FaultyApiServer } from '../../../dev/faulty-api-server.ts';
import type { ControlPlane } from '../../../dev/control-plane.ts';
import { OperatorProcess } from '../operator-process.ts';

/** One of several operators that compete for the Lease, with a way of its own to the API server. */
export class Replica {
  /** Its user, by which the audit log tells who wrote. */
  readonly user: string;
  readonly apiServer: FaultyApiServer;
  readonly #directory: string;
  readonly #env: Readonly<Record<string, string>>;
  #process: OperatorProcess | undefined;
  #isWanted = false;
  #isStarting = false;
  /** How often it ended by itself, as it must when it loses its lease. */
  exits = 0;
  /** Highest resident memory of any of its processes so far. */
  peakRssBytes = 0;

  private constructor(
    user: string,
    apiServer: FaultyApiServer,
    { directory, env }: { directory: string; env: Readonly<Record<string, string>> },
  ) {
    this.user = user;
    this.apiServer = apiServer;
    this.#directory = directory;
    this.#env = env;
  }

  /** @param directory of `copyOperator` */
  static async create(
    controlPlane: ControlPlane,
    user: string,
    options: { directory: string; env: Readonly<Record<string, string>> },
  ): Promise<Replica> {
    const kubeconfig = await controlPlane.addUser({ name: user, clusterRole: 'cluster-admin' });
    return new Replica(user, await startFaultyApiServer(kubeconfig), options);
  }

  get process(): OperatorProcess | undefined {
    return this.#process;
  }

  async start(): Promise<void> {
    this.#isWanted = true;
    this.#isStarting = true;
    const env = { KUBECONFIG: this.apiServer.kubeconfig, ...this.#env };
    this.#process = await OperatorProcess.start(this.#directory, env);
    this.#isStarting = false;
  }

  async stop(signal: NodeJS.Signals): Promise<void> {
    this.#isWanted = false;
    await this.#process?.stop(signal);
  }

  /** What the kubelet does: watches its memory, and starts it again when it ended. */
  async lookAfter(): Promise<void> {
    this.#weigh();
    if (!this.#isWanted || this.#isStarting || this.#process?.hasExited !== true) return;
    this.exits += 1;
    await this.start();
  }

  #weigh(): void {
    try {
      const { peakRssBytes = 0 } = this.#process?.use() ?? {};
      // One that has ended but is still listed has no memory to tell of.
      if (peakRssBytes > this.peakRssBytes) this.peakRssBytes = peakRssBytes;
    } catch {
      // It has just ended.
    }
  }

  pause(): void {
    this.#process?.signal('SIGSTOP');
  }

  resume(): void {
    this.#process?.signal('SIGCONT');
  }
}
