import type { KubernetesObject, V1Deployment } from '@kubernetes/client-node';
import { FIELD_MANAGER } from '../../operator/api/labels.ts';
import { RESOURCES, resourcePath } from '../../operator/cluster/resources.ts';
import { connect, NAMESPACE, pathOf, send, watchObjects } from './bed.ts';
import { renamed, type BareOrders, type Written } from './bare-orders.ts';

/**
 * A program of its own, `BARE_ORDERS` tells it what to do: an operator that decides nothing. It watches what the operator watches, and for every new
 * ModelDeployment whose name is not below `first` writes what it was told, under another name: Service, Deployment, status, and, once that is
 * rolled out, status and event. It compares nothing, keeps nothing, asks no storage, and has no leader election.
 */
const { kubeconfig, first, template }: BareOrders = JSON.parse(process.env['BARE_ORDERS'] ?? '{}') as BareOrders;

interface Known {
  readonly uid: string;
  readonly podAnnotations: Readonly<Record<string, string>> | undefined;
  isRolledOut: boolean;
}

const APPLY = 'application/apply-patch+yaml';
const QUERY = `?fieldManager=${FIELD_MANAGER}&force=true&fieldValidation=Ignore`;
const API_VERSION = 'modeldeployment.dev/v1alpha1';
const WORKERS = 8;
const WATCHED = ['service', 'autoscaler', 'disruptionBudget', 'pod', 'endpointSlice'] as const;

const connection = connect(kubeconfig);
const models = new Map<string, Known>();

function onModelDeployment({ metadata, spec }: Written): void {
  const { name = '', uid = '' } = metadata ?? {};
  if (name < first) return;
  const { podAnnotations } = spec as { podAnnotations?: Record<string, string> };
  const known = models.get(name);
  if (known && JSON.stringify(known.podAnnotations) === JSON.stringify(podAnnotations)) return;
  models.set(name, { uid, podAnnotations, isRolledOut: false });
  enqueue(() => (known ? applyDeployment(name) : applyAll(name)));
}

function onDeployment(object: KubernetesObject): void {
  const { metadata, status }: V1Deployment = object;
  const known = models.get(metadata?.name ?? '');
  if (!known || known.isRolledOut || status?.observedGeneration !== metadata?.generation) return;
  known.isRolledOut = true;
  enqueue(() => tellReady(metadata?.name ?? ''));
}

const waiting: (() => Promise<void>)[] = [];
let running = 0;

/** At most so many at once as the operator has workers: each makes one request at a time. */
function enqueue(work: () => Promise<void>): void {
  waiting.push(work);
  if (running < WORKERS) void workOff().catch(fail);
}

async function workOff(): Promise<void> {
  running += 1;
  for (let work = waiting.shift(); work; work = waiting.shift()) await work();
  running -= 1;
}

async function applyAll(name: string): Promise<void> {
  await apply('service', renamed(template.service, template.name, ownerOf(name)));
  await applyDeployment(name);
  await applyStatus(name, { ...template.status, conditions: [], readyReplicas: 0 });
}

async function applyDeployment(name: string): Promise<void> {
  const deployment = renamed(template.deployment, template.name, ownerOf(name));
  const { metadata } = (deployment as V1Deployment).spec!.template;
  if (metadata) metadata.annotations = { ...metadata.annotations, ...models.get(name)?.podAnnotations };
  await apply('deployment', deployment);
}

async function tellReady(name: string): Promise<void> {
  await applyStatus(name, template.status);
  await send(connection, 'POST', resourcePath(RESOURCES.event, NAMESPACE), {
    metadata: { name: `${name}.${performance.now()}`, namespace: NAMESPACE },
    involvedObject: { apiVersion: API_VERSION, kind: 'ModelDeployment', namespace: NAMESPACE, ...ownerOf(name) },
    type: 'Normal',
    reason: 'Ready',
    message: 'Every replica serves.',
  });
}

function applyStatus(name: string, status: object): Promise<void> {
  const metadata = { namespace: NAMESPACE, ...ownerOf(name) };
  const object = { apiVersion: API_VERSION, kind: 'ModelDeployment', metadata, status };
  return apply('modelDeployment', renamed(object, template.name, ownerOf(name)), '/status');
}

function ownerOf(name: string): { name: string; uid: string } {
  return { name, uid: models.get(name)?.uid ?? '' };
}

async function apply(
  kind: 'modelDeployment' | 'deployment' | 'service',
  body: Written,
  subresource = '',
): Promise<void> {
  const path = `${pathOf(kind, body.metadata?.name)}${subresource}${QUERY}`;
  const { statusCode, body: answer } = await connection.request({ method: 'PATCH', path, body, contentType: APPLY });
  if (statusCode >= 300) throw new Error(`${path}: ${statusCode} ${JSON.stringify(answer)}`);
}

function fail(error: unknown): void {
  console.error(error);
  process.exit(1);
}

const watches = [
  watchObjects(connection, RESOURCES.modelDeployment, onModelDeployment),
  watchObjects(connection, RESOURCES.deployment, onDeployment),
  ...WATCHED.map((kind) => watchObjects(connection, RESOURCES[kind], () => {})),
];
await Promise.all(watches.map(({ whenListed }) => whenListed));
console.log('watching');
