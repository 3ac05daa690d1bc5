import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import type { ControlPlane } from '../../dev/control-plane.ts';
import { freshBucket, sharedStorageEmulator, type TestBucket } from './bucket.ts';
import { ClusterObjects } from './cluster-objects.ts';
import { freshNamespace, sharedControlPlane } from './control-plane.ts';
import { eventually } from './eventually.ts';
import { startOperator, type OperatorProcess } from './operator-process.ts';
import { StandInKubelet } from './stand-in-kubelet.ts';

const ROLE = join(import.meta.dirname, '..', '..', 'config', 'rbac', 'role.yaml');

/** A namespace of its own with an operator that watches it, as a user whose requests can be counted and who has the shipped rights only. */
export interface OperatorBed {
  readonly controlPlane: ControlPlane;
  readonly namespace: string;
  readonly objects: ClusterObjects;
  readonly bucket: TestBucket;
  readonly kubelet: StandInKubelet;
  /** The one that runs now. */
  readonly operator: OperatorProcess;
  /** Ends the operator (default SIGTERM) and starts another. */
  restartOperator(signal?: NodeJS.Signals): Promise<void>;
  /** Verb and resource of each request the operator has made since `work` began, lists and watches aside. */
  requestsDuring(work: () => Promise<void>): Promise<string[]>;
  /** Resolves once Kubernetes' controllers and the operator have nothing left to do for that ModelDeployment. */
  untilSettled(name: string): Promise<void>;
  /** Brings about a pass for that ModelDeployment by an annotation on its Deployment, and waits for it. */
  touch(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** `eventually`, with time for a machine that has much else to do. */
export function soon<T>(check: () => T | Promise<T>): Promise<T> {
  return eventually(check, { timeoutMs: 45_000 });
}

/** Starts one; about 3 s beside the shared control plane. */
export async function startOperatorBed(env: Readonly<Record<string, string>> = {}): Promise<OperatorBed> {
  const [controlPlane, emulator] = await Promise.all([sharedControlPlane(), sharedStorageEmulator()]);
  const namespace = await freshNamespace(controlPlane, 'operator');
  const user = `operator-${randomUUID().slice(0, 8)}`;
  await controlPlane.kubectl(['apply', '-f', '-'], { input: clusterRole() });
  const kubeconfig = await controlPlane.addUser({ name: user, clusterRole: 'modeldeployment-operator' });
  const objects = new ClusterObjects(controlPlane.kubeconfig, namespace);
  const start = async (): Promise<OperatorProcess> => {
    const process = await startOperator({
      kubeconfig,
      env: { WATCH_NAMESPACES: namespace, STORAGE_EMULATOR_HOST: emulator.url, ...env },
    });
    await process.untilReady();
    return process;
  };
  let operator = await start();
  const kubelet = new StandInKubelet(objects);
  return {
    controlPlane,
    namespace,
    objects,
    bucket: await freshBucket(emulator),
    kubelet,
    get operator() {
      return operator;
    },
    async restartOperator(signal) {
      await operator.stop(signal);
      operator = await start();
    },
    async requestsDuring(work) {
      const since = await controlPlane.mark();
      await work();
      const requests = await controlPlane.requests({ user, since });
      return requests
        .filter(({ verb }) => verb !== 'watch' && verb !== 'list')
        .map(({ verb, resource }) => `${verb} ${resource}`);
    },
    async untilSettled(name) {
      await soon(async () => {
        const { spec, status, metadata } = await objects.get('deployment', name);
        const isDone = status?.observedGeneration === metadata.generation && !status.unavailableReplicas;
        if (
          !isDone ||
          (status.availableReplicas ?? 0) !== spec.replicas ||
          status.replicas !== status.updatedReplicas
        ) {
          throw new Error(`Deployment ${name} is not rolled out: ${JSON.stringify(status)}`);
        }
        const { status: seen } = await objects.get('modelDeployment', name);
        if (seen?.replicas !== (status.replicas ?? 0)) throw new Error(`status of ${name} is behind`);
      });
      await operator.untilQuiet();
    },
    async touch(name) {
      const before = await operator.passes();
      await objects.patch('deployment', name, { metadata: { annotations: { 'example.com/touched': randomUUID() } } });
      await soon(async () => {
        if ((await operator.passes()) <= before) throw new Error('no pass yet');
      });
      await operator.untilQuiet();
    },
    async stop() {
      await kubelet.stop();
      await operator.stop();
    },
  };
}

/** The ClusterRole of the installation, without what belongs into its namespace. */
function clusterRole(): string {
  const documents = parseAllDocuments(readFileSync(ROLE, 'utf8')).map((document): unknown => document.toJS());
  return stringify(documents.find((object) => (object as { kind: string }).kind === 'ClusterRole'));
}
