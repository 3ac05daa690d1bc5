import type { V1Pod } from '@kubernetes/client-node';
import { RESOURCES } from '../../operator/cluster/resources.ts';
import { PORTS } from '../../runtime/contract.ts';
import { percentile, runClosedLoop, type Measured } from '../bench/closed-loop.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { connect } from '../cluster/connect.ts';
import { forwardPort } from '../cluster/port-forward.ts';
import { exampleOf } from '../cluster/proxied-model.ts';
import { podSelector } from '../cluster/situation.ts';
import type { Invocation } from '../command.ts';
import { CommandError, EXIT, usageError } from '../exit-codes.ts';
import { table } from '../layout.ts';
import { readRequestBody, type RequestBody } from '../predict/request-body.ts';

const DEFAULT_CONCURRENCY = 4;
const MAX_CONCURRENCY = 64;
const DEFAULT_DURATION_MS = 10_000;
const MAX_DURATION_MS = 300_000;
const WARM_UP_REQUESTS = 3;
const PERCENTILES = [50, 90, 99] as const;

/** `bench NAME`: how many requests a second, and how long each takes, with a few connections in a closed loop. */
export async function bench({ positionals: [name = ''], flags, terminal }: Invocation): Promise<number> {
  const concurrency = flags.integer('concurrency', 1, MAX_CONCURRENCY) ?? DEFAULT_CONCURRENCY;
  const durationMs = flags.durationMs('duration', DEFAULT_DURATION_MS);
  if (durationMs < 100 || durationMs > MAX_DURATION_MS) throw usageError('--duration: expected 100ms to 5m');
  const url = parseUrl(flags.text('url'));
  const cluster = connect(flags);
  const body = await bodyOf(cluster, name, flags.text('file'));
  await using target = url ? direct(url) : await forwarded(cluster, name);
  const load = {
    ...body,
    url: new URL('predict', target.url),
    concurrency,
    durationMs,
    warmUpRequests: WARM_UP_REQUESTS,
  };
  terminal.note(`${concurrency} connections for ${durationMs / 1_000} s ${target.way}`);
  const measured = await runClosedLoop(load);
  const result = summarize(measured);
  if (flags.text('output') === 'json') terminal.printJson({ name, concurrency, durationMs, ...result });
  else terminal.print(...resultLines(result));
  return measured.latenciesMs.length > 0 && measured.failures.size === 0 ? EXIT.ok : EXIT.failed;
}

function parseUrl(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(text.endsWith('/') ? text : `${text}/`);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw usageError(`--url ${text}: expected http://host:port, the address in front of /predict`);
}

async function bodyOf(cluster: Cluster, name: string, file: string | undefined): Promise<RequestBody> {
  if (file !== undefined) return readRequestBody(file);
  await cluster.modelDeployment(name);
  const example = await exampleOf(cluster, name);
  if (example !== undefined) return { body: example, contentType: 'application/json' };
  throw new CommandError(`no request is known that ${name} takes: give one with -f`, {
    next: [`modeldeployment why ${name}${cluster.kubectlFlags}`],
  });
}

interface Target extends AsyncDisposable {
  readonly url: string;
  /** For the line that says what is done. */
  readonly way: string;
}

function direct(url: URL): Target {
  return { url: url.href, way: `at ${url.href}`, async [Symbol.asyncDispose]() {} };
}

async function forwarded(cluster: Cluster, name: string): Promise<Target> {
  const pods = await cluster.list<V1Pod>(RESOURCES.pod, { labels: podSelector(name) });
  const ready = pods.find(({ status }) =>
    status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
  );
  const pod = ready?.metadata?.name;
  if (pod === undefined) {
    throw new CommandError(`no pod of ${name} is ready`, {
      next: [`modeldeployment why ${name}${cluster.kubectlFlags}`],
    });
  }
  const port = await forwardPort(cluster, pod, PORTS.http);
  const way = `to pod ${pod}, through a port forwarded by the API server, which takes part of the time`;
  return { url: `${port.url}/`, way, [Symbol.asyncDispose]: () => port[Symbol.asyncDispose]() };
}

interface Result {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Milliseconds; empty without an answer. */
  readonly latencyMs: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
}

function summarize({ latenciesMs, failures, elapsedMs }: Measured): Result {
  const round = (value: number): number => Number(value.toPrecision(4));
  const named = PERCENTILES.map((percent) => [`p${percent}`, round(percentile(latenciesMs, percent))] as const);
  const latencyMs =
    latenciesMs.length === 0 ? {} : Object.fromEntries([...named, ['max', round(latenciesMs.at(-1) ?? 0)]]);
  return {
    requests: latenciesMs.length,
    requestsPerSecond: round((1_000 * latenciesMs.length) / elapsedMs),
    latencyMs,
    failures: Object.fromEntries(failures),
  };
}

function resultLines({ requests, requestsPerSecond, latencyMs, failures }: Result): string[] {
  return table([
    ['requests', `${requests}`],
    ['per second', `${requestsPerSecond}`],
    ...Object.entries(latencyMs).map(([name, value]) => [name, `${value} ms`]),
    ...Object.entries(failures).map(([outcome, count]) => [`answered ${outcome}`, `${count}`]),
  ]);
}
