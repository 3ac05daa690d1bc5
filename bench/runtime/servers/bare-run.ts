import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AskedProcess } from '../asked-process.ts';
import { modelDirectory, type BenchModel } from '../models.ts';
import { SERVER_CORE } from '../pinning.ts';

/** What the process of `session.run` is asked for. */
export interface BareRun {
  readonly batchRows: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface BareRunResult {
  readonly rowsPerSecond: number;
}

/** A loop of `session.run` in a process like a server's, on the server's core. It waits without using time when it is not asked. */
export class BareRunProcess {
  readonly #process: AskedProcess;

  private constructor(process: AskedProcess) {
    this.#process = process;
  }

  static async start(model: BenchModel): Promise<BareRunProcess> {
    const rowsFile = join(modelDirectory(), `${model.name}.rows.json`);
    await writeFile(rowsFile, JSON.stringify(model.golden.rows));
    const main = join(import.meta.dirname, 'bare-run-process.ts');
    const env = { ORT_DISABLE_TELEMETRY: '1', NODE_ENV: 'production' };
    return new BareRunProcess(await AskedProcess.start(SERVER_CORE, [main, model.file, rowsFile], env));
  }

  /** @throws Error when a run fails */
  async measure(request: BareRun): Promise<BareRunResult> {
    return (await this.#process.ask(request)) as BareRunResult;
  }

  close(): void {
    this.#process.close();
  }
}
