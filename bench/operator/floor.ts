import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesObject, V1Deployment } from '@kubernetes/client-node';
import { FIELD_MANAGER } from '../../operator/api/labels.ts';
import { RESOURCES, resourcePath } from '../../operator/cluster/resources.ts';
import {
  forEachIndex,
  makeModelDeployment,
  modelName,
  NAMESPACE,
  pathOf,
  send,
  watchObjects,
  type Bed,
} from './bed.ts';
import { BETWEEN_EDITS_MS, CLIENTS, quantile, round, startStorm } from './measure.ts';

/** What the same writes cost without an operator: nobody can be faster than this on that machine with this API server. */
export interface Floor {
  /** Models that were made for it. */
  readonly models: number;
  /** From the first POST to the last status that says Ready, for each model. */
  readonly msPerModel: number;
  /** From an edit of a ModelDeployment to its changed Deployment. */
  readonly editP50Ms: number;
  readonly editP99Ms: number;
  /** The same while a label of every Deployment is touched; not in runs from before it was measured. */
  readonly editBehindStormP50Ms?: number;
}

export interface FloorOptions {
  /** Name of a model that the operator made. */
  readonly existing: string;
  /** Models that the operator made. */
  readonly count: number;
  /** To make. */
  readonly models: number;
  readonly edits: number;
  readonly editsBehindStorm: number;
}

type Written = KubernetesObject & { spec?: object; status?: object };

/** What the operator made of a model, to be written again under another name. */
interface Template {
  readonly name: string;
  readonly service: Written;
  readonly deployment: Written;
  readonly status: object;
}

const FIRST = 90_000;
const APPLY = 'application/apply-patch+yaml';
const QUERY = `?fieldManager=${FIELD_MANAGER}&force=true&fieldValidation=Ignore`;

/**
 * Makes models by a bare loop that knows all it has to write: Service, Deployment, status, and, when the stand-in has rolled out, status
 * and event. No operator may run.
 */
export async function measureFloor(
  bed: Bed,
  { existing, count, models, edits, editsBehindStorm }: FloorOptions,
): Promise<Floor> {
  const template = await readTemplate(bed, existing);
  const rolledOut = new Map<string, () => void>();
  const watch = watchObjects(bed.connection, RESOURCES.deployment, (object) => {
    const { metadata, status }: V1Deployment = object;
    if (status?.observedGeneration === metadata?.generation) rolledOut.get(metadata?.name ?? '')?.();
  });
  await watch.whenListed;
  const startedAt = performance.now();
  await forEachIndex(models, CLIENTS, (index) => createOne(bed, template, modelName(FIRST + index), rolledOut));
  const msPerModel = round((performance.now() - startedAt) / models);
  watch.stop();
  const quiet = await measureEdits(bed, template, { models, edits });
  const stormy = await measureEdits(bed, template, { models, edits: editsBehindStorm, stormOver: count });
  return {
    models,
    msPerModel,
    editP50Ms: quantile(quiet, 0.5),
    editP99Ms: quantile(quiet, 0.99),
    editBehindStormP50Ms: quantile(stormy, 0.5),
  };
}

async function createOne(
  bed: Bed,
  template: Template,
  name: string,
  rolledOut: Map<string, () => void>,
): Promise<void> {
  const { connection } = bed;
  const { body } = await connection.request({
    method: 'POST',
    path: pathOf('modelDeployment'),
    body: { ...makeModelDeployment(bed.store, 0), metadata: { name, namespace: NAMESPACE } },
  });
  const { uid = '' } = (body as KubernetesObject).metadata ?? {};
  const isRolledOut = new Promise<void>((resolve) => rolledOut.set(name, resolve));
  await apply(bed, 'service', renamed(template.service, template.name, { name, uid }));
  await apply(bed, 'deployment', renamed(template.deployment, template.name, { name, uid }));
  const apiVersion = 'modeldeployment.dev/v1alpha1';
  const object = { apiVersion, kind: 'ModelDeployment', metadata: { name, namespace: NAMESPACE, uid } };
  const status = renamed(template.status as Written, template.name, { name, uid });
  await apply(bed, 'modelDeployment', { ...object, status: { ...status, readyReplicas: 0 } }, '/status');
  await isRolledOut;
  rolledOut.delete(name);
  await apply(bed, 'modelDeployment', { ...object, status }, '/status');
  await send(connection, 'POST', resourcePath(RESOURCES.event, NAMESPACE), {
    metadata: { name: `${name}.floor`, namespace: NAMESPACE },
    involvedObject: { apiVersion, kind: 'ModelDeployment', name, namespace: NAMESPACE, uid },
    type: 'Normal',
    reason: 'Ready',
    message: 'Every replica serves.',
  });
}

/** The edit, its event, the apply, its event: what any operator has to wait for. @returns ms */
async function measureEdits(
  bed: Bed,
  template: Template,
  { models, edits, stormOver }: { models: number; edits: number; stormOver?: number },
): Promise<number[]> {
  const seen = new Map<string, () => void>();
  const tell = (object: KubernetesObject): void => {
    const [value] = /edit-[\d.]+/.exec(JSON.stringify((object as Written).spec)) ?? [];
    seen.get(`${object.kind} ${value}`)?.();
  };
  const watches = [RESOURCES.modelDeployment, RESOURCES.deployment].map((resource) =>
    watchObjects(bed.connection, resource, tell),
  );
  await Promise.all(watches.map(({ whenListed }) => whenListed));
  const storm = stormOver === undefined ? undefined : startStorm(bed, stormOver);
  const took: number[] = [];
  for (let edit = 0; edit < edits && !storm?.isOver(); edit += 1) {
    const name = modelName(FIRST + ((edit * 7919) % models));
    const value = `edit-${performance.now()}`;
    const until = (kind: string): Promise<void> => new Promise((resolve) => seen.set(`${kind} ${value}`, resolve));
    const [isEdited, isApplied] = [until('ModelDeployment'), until('Deployment')];
    const { metadata } = await read<Written>(bed, 'deployment', name);
    const uid = metadata?.ownerReferences?.[0]?.uid ?? '';
    const deployment = renamed(template.deployment, template.name, { name, uid });
    const startedAt = performance.now();
    const spec = { podAnnotations: { 'example.com/edit': value } };
    await send(bed.connection, 'PATCH', pathOf('modelDeployment', name), { spec });
    await isEdited;
    await apply(bed, 'deployment', withPodAnnotation(deployment, value));
    await isApplied;
    took.push(performance.now() - startedAt);
    seen.clear();
    if (!storm) await delay(BETWEEN_EDITS_MS);
  }
  await storm?.whenOver;
  for (const watch of watches) watch.stop();
  return took;
}

function withPodAnnotation(deployment: Written, value: string): Written {
  const copy = structuredClone(deployment) as V1Deployment & Written;
  const { metadata } = copy.spec!.template;
  if (metadata) metadata.annotations = { ...metadata.annotations, 'example.com/edit': value };
  return copy;
}

async function readTemplate(bed: Bed, name: string): Promise<Template> {
  const service = await read<Written>(bed, 'service', name);
  const { status = {} } = await read<Written>(bed, 'modelDeployment', name);
  const deployment = await read<Written>(bed, 'deployment', name);
  return { name, service: asApplied(service), deployment: asApplied(deployment), status };
}

/** Without what the API server adds by itself and does not take from others. */
function asApplied({ apiVersion, kind, metadata, spec }: Written): Written {
  const { clusterIP: _, clusterIPs: __, ...rest } = spec as Record<string, unknown>;
  const { name, namespace, labels, annotations, ownerReferences } = metadata ?? {};
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, labels, annotations, ownerReferences },
    spec: rest,
  } as Written;
}

function renamed<T extends Written>(object: T, from: string, { name, uid }: { name: string; uid: string }): T {
  const copy = JSON.parse(JSON.stringify(object).replaceAll(from, name)) as T;
  for (const owner of copy.metadata?.ownerReferences ?? []) owner.uid = uid;
  return copy;
}

async function apply(
  { connection }: Bed,
  kind: 'modelDeployment' | 'deployment' | 'service',
  body: Written,
  subresource = '',
): Promise<void> {
  const path = `${pathOf(kind, body.metadata?.name)}${subresource}${QUERY}`;
  const { statusCode, body: answer } = await connection.request({ method: 'PATCH', path, body, contentType: APPLY });
  if (statusCode >= 300) throw new Error(`${path}: ${statusCode} ${JSON.stringify(answer)}`);
}

async function read<T>(
  { connection }: Bed,
  kind: 'modelDeployment' | 'deployment' | 'service',
  name: string,
): Promise<T> {
  const { statusCode, body } = await connection.request({ method: 'GET', path: pathOf(kind, name) });
  if (statusCode !== 200) throw new Error(`${kind} ${name}: ${statusCode}`);
  return body as T;
}
