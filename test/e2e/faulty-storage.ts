import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EMULATOR_HOST, EMULATOR_NAMESPACE } from '../../dev/gcs-emulator.ts';
import type { Kubectl } from '../../dev/kubectl.ts';

/** Buckets in which reads go wrong; all others are the emulator's. */
export const FAULTY_BUCKETS = {
  /** 403, whatever is asked. */
  forbidden: 'forbidden',
  /** 503, whatever is asked. */
  unavailable: 'unavailable',
  /** Downloads begin and then nothing comes. */
  stalled: 'stalled',
} as const;

const NAME = 'faulty-gcs';
const PORT = 4443;
/** What operator and pods are told as STORAGE_EMULATOR_HOST. */
export const FAULTY_STORAGE_HOST = `http://${NAME}.${EMULATOR_NAMESPACE}.svc.cluster.local:${PORT}`;

const ROOT = join(import.meta.dirname, '..', '..');
const MAIN = 'test/e2e/faulty-storage/main.ts';
/** Files of this checkout that the pod gets, at the same paths. */
const PROGRAM = [MAIN, 'dev/faulty-proxy.ts', 'dev/faulty-proxy/faults.ts', 'dev/faulty-proxy/preconditions.ts'];

/** Starts the faulty proxy of dev/ as a pod in front of the emulator. @param image one that has Node.js */
export async function startFaultyStorage(kubectl: Kubectl, image: string): Promise<void> {
  const items = PROGRAM.map((path) => ({ path, key: path.replaceAll('/', '_') }));
  const texts = items.map(async ({ path, key }) => [key, await readFile(join(ROOT, path), 'utf8')] as const);
  const data = Object.fromEntries(await Promise.all(texts));
  const metadata = { name: NAME, namespace: EMULATOR_NAMESPACE };
  const labels = { app: NAME };
  const container = {
    name: 'proxy',
    image,
    imagePullPolicy: 'IfNotPresent',
    command: ['node', `/program/${MAIN}`, EMULATOR_HOST, String(PORT)],
    ports: [{ name: 'http', containerPort: PORT }],
    readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1 },
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    volumeMounts: [{ name: 'program', mountPath: '/program' }],
  };
  const pod = {
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 1,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [container],
    volumes: [{ name: 'program', configMap: { name: NAME, items } }],
  };
  const programHash = createHash('sha256').update(JSON.stringify(data)).digest('hex');
  const template = { metadata: { labels, annotations: { programHash } }, spec: pod };
  const deployment = { selector: { matchLabels: labels }, template };
  const objects = [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data },
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: deployment },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, ports: [{ port: PORT, targetPort: 'http' }] },
    },
  ];
  await kubectl.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  await setFaultyStorageReplicas(kubectl, 1);
}

/** 0: storage is away for operator and pods, its objects stay. Waits until it is so. */
export async function setFaultyStorageReplicas(kubectl: Kubectl, replicas: 0 | 1): Promise<void> {
  const deployment = ['--namespace', EMULATOR_NAMESPACE, `deployment/${NAME}`];
  await kubectl.run(['scale', ...deployment, `--replicas=${replicas}`]);
  await kubectl.run(['rollout', 'status', ...deployment, '--timeout=60s']);
}
