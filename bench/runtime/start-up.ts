import type { BenchModel } from './models.ts';
import { residentBytesOf } from './processes.ts';
import type { ServerDefinition } from './servers/definition.ts';
import { RunningServer } from './servers/running-server.ts';

/** From the start of the program to its first 200 on its readiness path, with files that the system has read before. */
export interface StartUpResult {
  readonly server: string;
  readonly model: string;
  readonly readyMs: readonly number[];
  /** Once ready, before the first request. */
  readonly residentBytes: readonly number[];
}

/** @throws Error when the server does not become ready */
export async function measureStartUp(
  definition: ServerDefinition,
  model: BenchModel,
  times: number,
): Promise<StartUpResult> {
  const readyMs: number[] = [];
  const residentBytes: number[] = [];
  // One more: the first reads the files from the disk.
  for (let time = -1; time < times; time += 1) {
    const server = await RunningServer.start(definition, model);
    if (time >= 0) {
      readyMs.push(server.readyMs);
      residentBytes.push(residentBytesOf(server.pids));
    }
    await server.stop();
  }
  return { server: definition.name, model: model.name, readyMs, residentBytes };
}
