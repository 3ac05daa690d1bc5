import './no-telemetry.ts';
import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { text } from 'node:stream/consumers';
import { ENV } from '../contract.ts';
import { ModelFailure } from '../errors.ts';
import { classifyLoadFailure } from './load-failure.ts';
import { anonymousBytes, isNearLimit, tooLarge } from './memory-use.ts';
import type { Behaviour, MadeUpRows } from './try-out.ts';

/** What the trial process is told. */
export interface TrialRequest extends MadeUpRows {
  readonly modelFile: string;
}

/** What it says. A text is the library's. */
export type TrialMessage =
  { readonly loadError: string } | { readonly loadMs: number } | { readonly report: Behaviour };

/** How the model behaved. */
export interface TrialReport extends Behaviour {
  readonly loadMs: number;
}

export interface TrialLimits {
  /** What this process and the trial may use together, in bytes. */
  readonly memoryLimitBytes: number;
  /** Of CPU time, where the system tells it: a node with no time to spare is no fault of the model. Five times as long in all. */
  readonly loadTimeoutMs: number;
  /** For the first run with one row. */
  readonly runTimeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

const CHECK_MS = 20;
/** A process that gets no CPU is waited for so many times longer. */
const STARVED_FACTOR = 5;
/** Of the times in /proc/PID/stat; USER_HZ is 100 on every architecture that Node runs on. */
const CPU_TICK_MS = 10;
/** Signals by which native code ends when it is wrong, not when someone ends it. */
const CRASH_SIGNALS: ReadonlySet<string> = new Set(['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGABRT', 'SIGTRAP']);

/**
 * Loads and runs a model in a short-lived process first: native code that crashes, hangs or eats all memory takes only that process along,
 * and is reported. See docs/adr/0010-try-only-what-may-harm.md.
 * @throws ModelFailure; the signal's reason
 */
export async function tryModel(request: TrialRequest, limits: TrialLimits): Promise<TrialReport> {
  limits.signal?.throwIfAborted();
  const { [ENV.googleCredentialsJson]: _, ...env } = process.env;
  // Compiled, the process is a .js file like this one.
  const child = fork(new URL(`./trial-process${extname(import.meta.filename)}`, import.meta.url), {
    env,
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const said = child.stderr ? text(child.stderr) : Promise.resolve('');
  const { promise: ended, resolve: onReport, reject: onFailure } = Promise.withResolvers<TrialReport>();
  ended.catch(() => {});

  const deadline = watchDeadlines(child, limits, onFailure);
  const memory = watchMemory(child, limits.memoryLimitBytes, onFailure);
  const stop = (): void => onFailure(limits.signal?.reason);
  limits.signal?.addEventListener('abort', stop, { once: true });
  let loadMs: number | undefined;
  child.on('message', (message: TrialMessage) => {
    if ('loadError' in message) return onFailure(classifyLoadFailure(new Error(message.loadError)));
    if ('report' in message) return onReport({ ...message.report, loadMs: loadMs ?? 0 });
    ({ loadMs } = message);
    return deadline.onLoaded();
  });
  child.on('error', onFailure);
  child.on('exit', (code, signal) => {
    void said.then((tail) => onFailure(exitFailure(code, signal, { tail, isLoaded: loadMs !== undefined })));
  });
  // The process may end while it is being told; its exit says so.
  child.send(request, () => {});
  try {
    return await ended;
  } finally {
    limits.signal?.removeEventListener('abort', stop);
    deadline.stop();
    clearInterval(memory);
    child.kill('SIGKILL');
  }
}

function watchDeadlines(
  child: ChildProcess,
  { loadTimeoutMs, runTimeoutMs }: TrialLimits,
  onFailure: (failure: ModelFailure) => void,
) {
  const seconds = (ms: number): number => Math.ceil(ms / 1000);
  const startedMs = performance.now();
  const loading = setInterval(() => {
    const waitedMs = performance.now() - startedMs;
    const usedMs = cpuMsOf(child.pid) ?? waitedMs;
    if (usedMs <= loadTimeoutMs && waitedMs <= loadTimeoutMs * STARVED_FACTOR) return;
    onFailure(
      new ModelFailure(
        'ModelUnsupported',
        `onnxruntime did not finish loading the model within ${seconds(loadTimeoutMs)} s: export it without endless or very many operators`,
      ),
    );
  }, CHECK_MS);
  let running: NodeJS.Timeout | undefined;
  return {
    onLoaded() {
      clearInterval(loading);
      running = setTimeout(() => {
        onFailure(
          new ModelFailure(
            'ModelUnsupported',
            `the model did not answer one row within ${seconds(runTimeoutMs)} s: raise spec.requestTimeout, give it more CPU, or export a smaller model`,
          ),
        );
      }, runTimeoutMs);
    },
    stop() {
      clearInterval(loading);
      clearTimeout(running);
    },
  };
}

/** CPU time of a process and all its threads; undefined where it is not told (not Linux, or the process has ended). */
function cpuMsOf(pid: number | undefined): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name, which may hold spaces; user and system time are the 14th and 15th.
    const [userTicks, systemTicks] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
      .map(Number);
    return ((userTicks ?? 0) + (systemTicks ?? 0)) * CPU_TICK_MS;
  } catch {
    return undefined;
  }
}

function watchMemory(child: ChildProcess, limitBytes: number, onFailure: (failure: ModelFailure) => void) {
  return setInterval(() => {
    const used = anonymousBytes('self') + anonymousBytes(child.pid);
    if (isNearLimit(used, limitBytes)) onFailure(tooLarge(limitBytes));
  }, CHECK_MS);
}

function exitFailure(
  code: number | null,
  signal: NodeJS.Signals | null,
  { tail, isLoaded }: { tail: string; isLoaded: boolean },
): Error {
  const cause = new Error(`trial process: exit code ${code}, signal ${signal}: ${tail.slice(-2000)}`);
  if (signal !== null && CRASH_SIGNALS.has(signal)) {
    const when = isLoaded ? 'running' : 'loading';
    // What overflows the stack is nested too deeply; the others tell nothing.
    const advice =
      signal === 'SIGSEGV' || signal === 'SIGBUS'
        ? 'with less deeply nested trees or graphs'
        : 'with another version of the exporter';
    return new ModelFailure(
      'ModelUnsupported',
      `onnxruntime crashed (${signal}) while ${when} the model: export it again, ${advice}`,
      { cause },
    );
  }
  if (signal !== null) {
    return new ModelFailure(
      'ModelTooLarge',
      `the process that loaded the model was ended (${signal}), most likely for want of memory: raise spec.resources.limits.memory`,
      { cause },
    );
  }
  return cause;
}
