/** The process of a pod: config -> download -> load -> warm up -> ready; SIGTERM -> unready -> drain -> exit. */
import { readConfig } from './config.ts';
import { ENV } from './contract.ts';
import { terminationLog, toModelFailure, writeTerminationMessage } from './failure.ts';
import { createLogger, logProcessWarnings } from './log.ts';
import { startRuntime } from './runtime.ts';
import { aborted, stopSignal } from './stop-signal.ts';

/** Time in which endpoints and proxies learn that this pod is ending, and still send requests. With 3 s, connections were refused on a node without a free core. */
const ENDPOINTS_LAG_MS = 5_000;

const stopping = stopSignal();
let log = createLogger('info');

/** Says why in the log and to the operator, and ends the process. */
function fail(error: unknown): never {
  const failure = toModelFailure(error);
  log.error({ err: error, reason: failure.reason }, failure.message);
  writeTerminationMessage(failure, process.env[ENV.terminationLog] || undefined);
  process.exit(1);
}

process.on('uncaughtException', fail);
try {
  const config = readConfig(process.env);
  log = createLogger(config.logLevel);
  logProcessWarnings(log);
  // Who reads the termination message starts the container again; anyone else learns only what this process says.
  const isRestarted = terminationLog(process.env[ENV.terminationLog] || undefined) !== undefined;
  const runtime = await startRuntime(config, { log, signal: stopping, isRestarted });
  await aborted(stopping);
  await runtime.stop(stopping.reason === 'SIGTERM' ? ENDPOINTS_LAG_MS : 0);
} catch (error) {
  if (!stopping.aborted) fail(error);
  log.info({}, 'stopped while loading');
}
process.exit(0);
