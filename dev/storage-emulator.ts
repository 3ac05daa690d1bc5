import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from './free-port.ts';
import type { GuardedProcess } from './guarded-process.ts';
import { logTail, startGuarded } from './guarded-process.ts';
import { throwAwayDirectory } from './throw-away-directory.ts';
import { ensureTools } from './tools.ts';

const START_ATTEMPTS = 3;
const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 20;

export interface StorageEmulatorOptions {
  /** Objects survive `stopServer()` and `startServer()`, each with its generation. Default false: they are in the server's memory. */
  readonly keepObjects?: boolean;
}

/**
 * fake-gcs-server on a free loopback port: the JSON API of Google Cloud Storage without authentication. It ends with this process at the
 * latest. Where it differs from the real service: reads ignore preconditions (`ifGenerationMatch` and the like, `If-None-Match`) and any
 * token is accepted; `startFaultyProxy` in front of it adds both.
 */
export class StorageEmulator {
  /** `http://127.0.0.1:PORT`; stays the same over restarts. For `STORAGE_EMULATOR_HOST` and the client's `apiEndpoint`. */
  readonly url: string;
  readonly #program: string;
  readonly #directory: string;
  readonly #keepObjects: boolean;
  #process: GuardedProcess | undefined;

  /** For `startStorageEmulator` only. */
  constructor(parts: { program: string; port: number; directory: string; keepObjects: boolean }) {
    this.url = `http://127.0.0.1:${parts.port}`;
    this.#program = parts.program;
    this.#directory = parts.directory;
    this.#keepObjects = parts.keepObjects;
  }

  /** Ends the server and removes its data. Calling it again does nothing. */
  async stop(): Promise<void> {
    await this.#process?.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Ends the server as a crash would (SIGKILL). */
  async stopServer(): Promise<void> {
    await this.#process?.stop();
  }

  /** Starts the server on its port, resolving when it answers. @throws Error with the end of its log */
  async startServer(): Promise<void> {
    const { host, hostname, port } = new URL(this.url);
    const objects = join(this.#directory, 'objects');
    await mkdir(objects, { recursive: true });
    const backend = this.#keepObjects ? ['-backend=filesystem', `-filesystem-root=${objects}`] : ['-backend=memory'];
    const address = [`-host=${hostname}`, `-port=${port}`, `-public-host=${host}`, `-external-url=${this.url}`];
    const logFile = join(this.#directory, 'server.log');
    const args = ['-scheme=http', '-log-level=warn', ...address, ...backend];
    this.#process = await startGuarded(this.#program, args, { logFile });
    await this.#untilReady(this.#process);
  }

  async #untilReady(process: GuardedProcess): Promise<void> {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (!(await this.#answers())) {
      if (process.hasExited() || Date.now() > deadline) {
        throw new Error(`fake-gcs-server does not start:\n${logTail(process.logFile)}`);
      }
      await delay(POLL_MS);
    }
  }

  async #answers(): Promise<boolean> {
    try {
      const response = await fetch(`${this.url}/_internal/healthcheck`);
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }
}

/** Starts an emulator with no buckets, in less than a second when its program is cached. @throws ToolError */
export async function startStorageEmulator({
  keepObjects = false,
}: StorageEmulatorOptions = {}): Promise<StorageEmulator> {
  const tools = await ensureTools(['fake-gcs-server']);
  for (let attempt = 1; ; attempt += 1) {
    const [port] = (await freePorts(1)) as [number];
    const directory = await throwAwayDirectory('storage-emulator');
    const emulator = new StorageEmulator({ program: tools['fake-gcs-server'], port, directory, keepObjects });
    try {
      await emulator.startServer();
      return emulator;
    } catch (error) {
      await emulator.stop();
      if (attempt === START_ATTEMPTS) throw error;
    }
  }
}
