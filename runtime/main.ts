/** The process of a pod: config -> download -> load -> warm up -> ready; SIGTERM -> unready -> drain -> exit. */
import { readConfig } from './config.ts';
import { ENV } from './contract.ts';
import { toModelFailure, writeTerminationMessage } from './failure.ts';
import { createLogger } from './log.ts';
import { startRuntime } from './runtime.ts';

/** Time in which endpoints and proxies learn that this pod is ending, and still send requests. */
const ENDPOINTS_LAG_MS = 3_000;

const stopping = new AbortController();
let lagMs = 0;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    // Whoever asks twice does not want to wait.
    if (stopping.signal.aborted) process.exit(1);
    lagMs = signal === 'SIGTERM' ? ENDPOINTS_LAG_MS : 0;
    stopping.abort(new Error(`stopped by ${signal}`));
  });
}

let log = createLogger('info');
try {
  const config = readConfig(process.env);
  log = createLogger(config.logLevel);
  const runtime = await startRuntime(config, { log, signal: stopping.signal });
  if (!stopping.signal.aborted) {
    await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve, { once: true }));
  }
  await runtime.stop(lagMs);
  process.exit(0);
} catch (error) {
  if (stopping.signal.aborted) {
    log.info({}, 'stopped while loading');
    process.exit(0);
  }
  const failure = toModelFailure(error);
  log.error({ err: error, reason: failure.reason }, failure.message);
  writeTerminationMessage(failure, process.env[ENV.terminationLog] || undefined);
  process.exit(1);
}
