import { join } from 'node:path';
import { KubeConfig, type KubernetesObject } from '@kubernetes/client-node';
import { startControlPlane, type ApiRequest, type ControlPlane } from '../../dev/control-plane.ts';
import type { ModelDeployment } from '../../operator/api/generated.ts';
import { systemClock as clock } from '../../operator/clock.ts';
import { ApiServerConnection, poolConnections } from '../../operator/cluster/connection.ts';
import { RESOURCES, resourcePath, type Resource } from '../../operator/cluster/resources.ts';
import { startWatch, type RunningWatch } from '../../operator/cluster/watch.ts';
import { copyOperator, OperatorProcess } from './operator-process.ts';
import { ModelStore } from './model-store.ts';
import { StandInCluster } from './stand-in-cluster.ts';

const CRD = join(import.meta.dirname, '..', '..', 'crds', 'modeldeployment.yaml');
const USER = 'operator-under-test';
const BUCKET = 'models';
export const NAMESPACE = 'bench';

/** Everything a measurement needs: a real API server, stand-ins for the rest of the cluster and for storage, the operator. */
export interface Bed {
  readonly controlPlane: ControlPlane;
  readonly standIn: StandInCluster;
  readonly store: ModelStore;
  /** As an administrator. */
  readonly connection: ApiServerConnection;
  /** The operator's files. */
  readonly directory: string;
  /** What every operator of this bed is told, besides a kubeconfig. */
  readonly operatorEnv: Readonly<Record<string, string>>;
  /** Starts the operator as its image does. */
  startOperator(): Promise<OperatorProcess>;
  /** Requests of the operator while `work` ran. */
  requestsDuring<T>(work: () => Promise<T>): Promise<{ requests: ApiRequest[]; result: T }>;
  stop(): Promise<void>;
}

/** Starts one, without the operator. */
export async function startBed(env: Readonly<Record<string, string>> = {}): Promise<Bed> {
  const [controlPlane, store, directory] = await Promise.all([
    startControlPlane({ controllers: false, crds: [CRD] }),
    ModelStore.start(),
    copyOperator(),
  ]);
  const kubeconfig = await controlPlane.addUser({ name: USER, clusterRole: 'cluster-admin' });
  const connection = connect(controlPlane.kubeconfig);
  const standIn = new StandInCluster(connection);
  await standIn.createNamespace(NAMESPACE);
  const operatorEnv = {
    STORAGE_EMULATOR_HOST: store.url,
    LEADER_ELECT: 'true',
    POD_NAMESPACE: NAMESPACE,
    ...env,
  };
  return {
    controlPlane,
    standIn,
    store,
    connection,
    directory,
    operatorEnv,
    startOperator: () => OperatorProcess.start(directory, { KUBECONFIG: kubeconfig, ...operatorEnv }),
    async requestsDuring(work) {
      const since = await controlPlane.mark();
      const result = await work();
      return { requests: await controlPlane.requests({ user: USER, since }), result };
    },
    async stop() {
      await standIn.stop();
      await Promise.all([controlPlane.stop(), store.stop()]);
    },
  };
}

/** A connection with the credentials of a kubeconfig file. */
export function connect(kubeconfig: string): ApiServerConnection {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(kubeconfig);
  return new ApiServerConnection(poolConnections(kubeConfig));
}

/** Watches a kind in the namespace, for measuring when something appears. */
export function watchObjects(
  connection: ApiServerConnection,
  resource: Resource,
  onObject: (object: KubernetesObject) => void,
): RunningWatch {
  return startWatch(
    {
      resource,
      namespace: NAMESPACE,
      labelSelector: undefined,
      onChanged: (object) => onObject(object),
      onRemoved: () => {},
      onListed: (objects) => {
        for (const object of objects) onObject(object);
      },
    },
    { connection, clock, outages: { begin: () => {}, over: () => {} }, random: Math.random },
  );
}

/** The smallest ModelDeployment of that number, whose model is in the store. */
export function makeModelDeployment(
  store: ModelStore,
  index: number,
): Pick<ModelDeployment, 'metadata' | 'spec'> & object {
  const name = modelName(index);
  store.put(BUCKET, `${name}/model.onnx`);
  return {
    apiVersion: 'modeldeployment.dev/v1alpha1',
    kind: 'ModelDeployment',
    metadata: { name, namespace: NAMESPACE },
    spec: { model: { path: `gs://${BUCKET}/${name}/model.onnx` } },
  } as unknown as Pick<ModelDeployment, 'metadata' | 'spec'>;
}

/** Name of the ModelDeployment of that number. */
export function modelName(index: number): string {
  return `model-${String(index).padStart(5, '0')}`;
}

/** One write as an administrator. @throws Error unless it is accepted */
export async function send(
  connection: ApiServerConnection,
  method: 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body: object,
): Promise<void> {
  const contentType = method === 'PATCH' ? 'application/merge-patch+json' : undefined;
  const { statusCode, body: answer } = await connection.request({ method, path, body, contentType, timeoutMs: 60_000 });
  if (statusCode >= 300) throw new Error(`${method} ${path}: ${statusCode} ${JSON.stringify(answer)}`);
}

/** Path of an object in the bench's namespace. */
export function pathOf(kind: keyof typeof RESOURCES, name?: string): string {
  return resourcePath(RESOURCES[kind], NAMESPACE, name);
}

/** Calls `work` for 0 to count - 1, at most `atOnce` at a time. */
export async function forEachIndex(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
}
