import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createModelStore } from '../storage/index.ts';
import { ChildWriter } from './child-writer.ts';
import { systemClock as clock } from './clock.ts';
import { ClusterCache } from './cluster/cluster-cache.ts';
import { ApiServerConnection } from './cluster/connection.ts';
import { loadKubeConfig } from './cluster/kube-config.ts';
import { KubernetesCluster } from './cluster/kubernetes.ts';
import { createLeaseStore } from './cluster/leases.ts';
import { OutageLog } from './cluster/outage-log.ts';
import { RequestPacer } from './cluster/request-pacer.ts';
import { startWatch } from './cluster/watch.ts';
import type { Key } from './cluster/client.ts';
import { InvalidConfigError, readConfig, type OperatorConfig } from './config.ts';
import { serveHealth, serveMetrics } from './health.ts';
import { LeaderElection, RETRY_PERIOD_MS } from './leader-election.ts';
import { createLogger, logProcessWarnings, type Logger } from './log.ts';
import { createMetrics } from './metrics.ts';
import { ModelResolver } from './model-resolver.ts';
import { ModelDeploymentOperator } from './operator.ts';
import { Reconciler } from './reconciler.ts';
import { RepairLimiter } from './repair-limiter.ts';
import { makeRunPass } from './run-pass.ts';
import { WorkQueue } from './work-queue.ts';

/** Passes under way at SIGTERM get this long, less than the 30 s a pod has. */
const DRAIN_TIMEOUT_MS = 20_000;
/** At most ten passes a second for one object; the first after a quiet moment is never delayed. */
const REST_MS = 100;
const LEASE_NAME = 'modeldeployment-operator';
const random = Math.random;

/** Everything that runs, not started yet. */
function assemble(config: OperatorConfig, log: Logger) {
  const kubeConfig = loadKubeConfig();
  const connection = new ApiServerConnection(kubeConfig);
  const cache = new ClusterCache();
  const outages = new OutageLog(log, () => queue.retryNow());
  const identity = `${hostname()}_${randomUUID()}`;
  const lease = { namespace: config.podNamespace, name: leaseName(config), timeoutMs: 2 * RETRY_PERIOD_MS };
  const election = new LeaderElection({
    leases: createLeaseStore(connection, lease),
    identity,
    clock,
    random,
    log,
    // Nothing may be written from here on, not even by a pass under way: end at once, and start again as a follower.
    onLost: () => process.exit(1),
  });
  const mayWrite = (): boolean => !config.leaderElect || election.isLeading;
  const assertMayWrite = (): void => {
    if (!mayWrite()) throw new Error('this process does not lead and must not write');
  };
  const metrics = createMetrics({
    queueDepth: () => queue.depth,
    running: () => queue.running,
    modelDeployments: () => cache.modelDeployments.size,
    isLeader: mayWrite,
    failingWatches: () => operator.failingWatches.length,
  });
  const { countRequest, countPass, countAsked, countWritten } = metrics;
  const cluster = new KubernetesCluster({
    connection,
    cache,
    pacer: new RequestPacer(clock, random),
    assertMayWrite,
    onRequest: countRequest,
    identity,
    clock,
    log,
  });
  const resolver = new ModelResolver({
    store: createModelStore({ emulatorHost: config.storageEmulatorHost }),
    clock,
    random,
    pollIntervalMs: config.modelPollIntervalMs,
    onChange: (key) => queue.add(key),
    onAsked: countAsked,
  });
  const limiter = new RepairLimiter(clock);
  const children = new ChildWriter({ cluster, limiter, onWritten: countWritten, log });
  const reconciler = new Reconciler({ cache, cluster, children, resolver, config, clock });
  const queue = new WorkQueue<Key>({
    run: makeRunPass({ reconcile: (key) => reconciler.reconcile(key), countPass, clock, log }),
    workers: config.workers,
    restMs: REST_MS,
    laneOf: (key) => key.slice(0, key.indexOf('/')),
    clock,
    random,
  });
  const operator = new ModelDeploymentOperator({
    kubeConfig,
    cache,
    startWatch: (request) => startWatch(request, { connection, clock, outages, random }),
    enqueue: (key) => queue.add(key),
    namespaces: config.watchNamespaces,
    shard: config.shard,
  });
  return { election, metrics, resolver, queue, operator };
}

/** Replicas of one shard compete with each other, shards do not. */
function leaseName({ shard: { index, count } }: OperatorConfig): string {
  return count === 1 ? LEASE_NAME : `${LEASE_NAME}-${index}-of-${count}`;
}

/** config -> collaborators -> start; SIGTERM -> drain -> exit. */
async function main(config: OperatorConfig): Promise<void> {
  const log = createLogger(config.logLevel);
  logProcessWarnings(log);
  const { election, metrics, resolver, queue, operator } = assemble(config, log);
  const stop = async (signal: string): Promise<void> => {
    log.info({ signal }, 'operator stops');
    clock.after(DRAIN_TIMEOUT_MS, () => process.exit(0));
    await queue.drain();
    resolver.stop();
    operator.stop();
    if (config.leaderElect) await election.release();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal));

  const health = await serveHealth(config.healthPort, () => operator.notReadyBecause);
  const metricsServer = await serveMetrics(config.metricsPort, metrics);
  log.info({ healthPort: health.port, metricsPort: metricsServer.port }, 'operator starts');
  await operator.start();
  log.info({ modelDeployments: operator.modelDeployments }, 'caches are synced');
  if (config.leaderElect) await election.acquire();
  queue.start();
}

try {
  await main(readConfig(process.env));
} catch (error) {
  if (!(error instanceof InvalidConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
