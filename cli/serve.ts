import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig, type RuntimeConfig } from '../runtime/config.ts';
import { ENV, MAX_ROWS_UNLESS_SET } from '../runtime/contract.ts';
import { exampleRequest } from '../runtime/docs/example-request.ts';
import { toModelFailure } from '../runtime/failure.ts';
import { createLogger, logProcessWarnings } from '../runtime/log.ts';
import { stringifyJson } from '../runtime/protocol/stringify-json.ts';
import { startRuntime, type Runtime } from '../runtime/runtime.ts';
import { aborted, stopSignal } from '../runtime/stop-signal.ts';
import { describeModel } from './describe-model.ts';
import { flagOf, flagsHelp, parseServeArguments } from './flags.ts';

const HELP = `Usage: modeldeployment serve PATH [flags]

Serves a model on this machine with the same code as the pod. PATH is an .onnx file, a folder with one,
or a gs:// path; STORAGE_EMULATOR_HOST and Google's credentials are taken from the environment.

${flagsHelp()}
`;

/** People do not wait two minutes for storage that is out of reach, as a pod does. */
const RETRY_FOR_MS = 5_000;
/** Standard error, so that it stays apart from what is printed for people. */
const STANDARD_ERROR = 2;
/** Longest example that fits a command line people read. */
const MAX_EXAMPLE_CHARACTERS = 2_000;

/**
 * `modeldeployment serve`: serves until it is interrupted.
 * @returns the exit code
 */
export async function serve(args: readonly string[]): Promise<number> {
  const temporary = await mkdtemp(join(tmpdir(), 'modeldeployment-'));
  const stopping = stopSignal();
  try {
    const { settings, isHelp } = parseServeArguments(args, process.env);
    if (isHelp) {
      process.stdout.write(HELP);
      return 0;
    }
    const config = readConfig(
      { [ENV.modelDir]: temporary, [ENV.batchingMaxRows]: String(MAX_ROWS_UNLESS_SET), ...settings },
      flagOf,
    );
    const log = createLogger(config.logLevel, STANDARD_ERROR);
    logProcessWarnings(log);
    const runtime = await startRuntime(config, {
      log,
      signal: stopping,
      retryForMs: RETRY_FOR_MS,
      ...progress(),
    });
    process.stdout.write(await describe(runtime, config, temporary));
    await aborted(stopping);
    await runtime.stop(0);
    return 0;
  } catch (error) {
    if (stopping.aborted) return 130;
    const { reason, message } = toModelFailure(error);
    process.stderr.write(`${reason}: ${message.replaceAll(/\s+/g, ' ')}\n`);
    return 1;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** A percentage that overwrites itself, for people only. */
function progress(): { onProgress?: (doneBytes: number, totalBytes: number) => void } {
  if (!process.stderr.isTTY) return {};
  return {
    onProgress(doneBytes, totalBytes) {
      const percent = Math.floor((100 * doneBytes) / Math.max(totalBytes, 1));
      const end = doneBytes >= totalBytes ? '\r\u001B[K' : '';
      process.stderr.write(`\rdownloading ${percent} %${end}`);
    },
  };
}

async function describe(runtime: Runtime, { model, http }: RuntimeConfig, temporary: string): Promise<string> {
  const { loaded, downloaded, httpPort, grpcPort, metricsPort } = runtime;
  const { signature, producer, warnings } = loaded;
  const host = http.host.includes(':') ? `[${http.host}]` : http.host;
  const url = `http://${host}:${httpPort}`;
  const facts = [signature.presentation.task, producer, `${downloaded.sizeBytes} bytes`].filter((fact) => fact !== '');
  const lines = [
    `${model.name}: ${facts.join(', ')}`,
    '',
    describeModel(signature),
    '',
    ...warnings.flatMap((warning) => [`Note: ${warning}`, '']),
    `predictions  ${url}/predict`,
    `             ${url}/v1/models/${encodeURIComponent(model.name)}:predict`,
    `gRPC (V2)    ${host}:${grpcPort}`,
    `docs         ${url}/docs`,
    `health       ${url}/readyz`,
    `metrics      http://${host}:${metricsPort}/metrics`,
    '',
  ];
  const request = exampleRequest(signature, { golden: loaded.golden, feeds: loaded.exampleFeeds });
  if (request !== undefined) {
    const data = await exampleData(stringifyJson(request), temporary);
    lines.push('Try it:', '', `curl -s ${url}/predict -H 'Content-Type: application/json' -d ${data}`, '');
  }
  lines.push('Ctrl-C ends it.', '');
  return lines.join('\n');
}

/** The body as a shell word, or as a file where it is too long to read. */
async function exampleData(json: string, temporary: string): Promise<string> {
  if (json.length <= MAX_EXAMPLE_CHARACTERS) return quoteForShell(json);
  const file = join(temporary, 'example-request.json');
  await writeFile(file, json);
  return quoteForShell(`@${file}`);
}

function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
