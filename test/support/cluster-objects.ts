import type { KubernetesObject } from '@kubernetes/client-node';
import { ApiServerConnection, poolConnections } from '../../operator/cluster/connection.ts';
import { KubeConfig } from '@kubernetes/client-node';
import { apiVersionOf, RESOURCES, resourcePath, type Resource } from '../../operator/cluster/resources.ts';
import type { ModelDeployment } from '../../operator/api/generated.ts';

/** Plural of a kind that the operator knows; everything else is given whole. */
export type Kind = keyof typeof RESOURCES;

/** An object as the API server answers it, read by tests field by field. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests look at fields of many kinds, and a missing one fails the test
export type LiveObject = any;

/** Objects of one namespace, read and written as an administrator does. */
export class ClusterObjects {
  readonly namespace: string;
  readonly #connection: ApiServerConnection;

  constructor(kubeconfig: string, namespace: string) {
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromFile(kubeconfig);
    this.#connection = new ApiServerConnection(poolConnections(kubeConfig));
    this.namespace = namespace;
  }

  /** undefined: there is none. */
  async find(kind: Kind, name: string): Promise<LiveObject> {
    const { statusCode, body } = await this.#connection.request({ method: 'GET', path: this.#path(kind, name) });
    return statusCode === 404 ? undefined : accept(statusCode, body);
  }

  /** @throws Error when there is none */
  async get(kind: Kind, name: string): Promise<LiveObject> {
    const object = await this.find(kind, name);
    if (object === undefined) throw new Error(`there is no ${kind} ${name} in ${this.namespace}`);
    return object;
  }

  async list(kind: Kind, labelSelector = ''): Promise<LiveObject[]> {
    const path = `${this.#path(kind)}?labelSelector=${encodeURIComponent(labelSelector)}`;
    const { statusCode, body } = await this.#connection.request({ method: 'GET', path });
    return accept(statusCode, body).items;
  }

  async create(kind: Kind, object: object): Promise<LiveObject> {
    const resource: Resource = RESOURCES[kind];
    const body = { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object };
    return this.#send('POST', this.#path(kind), body, 'application/json');
  }

  /** Makes a ModelDeployment. */
  async createModelDeployment(name: string, spec: object, metadata: object = {}): Promise<ModelDeployment> {
    return this.create('modelDeployment', { metadata: { name, ...metadata }, spec });
  }

  /** JSON merge patch, as user `manager`; with a subresource such as `status`. */
  async patch(
    kind: Kind,
    name: string,
    patch: object,
    { subresource, manager = 'test-user' }: { subresource?: string; manager?: string } = {},
  ): Promise<LiveObject> {
    const path = `${this.#path(kind, name)}${subresource ? `/${subresource}` : ''}?fieldManager=${manager}`;
    return this.#send('PATCH', path, patch, 'application/merge-patch+json');
  }

  /** JSON patch (RFC 6902). */
  async jsonPatch(kind: Kind, name: string, operations: readonly object[], manager = 'test-user'): Promise<LiveObject> {
    const path = `${this.#path(kind, name)}?fieldManager=${manager}`;
    return this.#send('PATCH', path, operations, 'application/json-patch+json');
  }

  async delete(kind: Kind, name: string): Promise<void> {
    const { statusCode, body } = await this.#connection.request({ method: 'DELETE', path: this.#path(kind, name) });
    if (statusCode !== 404) accept(statusCode, body);
  }

  /** Events about an object, oldest first, as `reason: message`. */
  async events(name: string): Promise<string[]> {
    const events = await this.list('event');
    return events
      .filter((event) => event.involvedObject.name === name && event.involvedObject.kind === 'ModelDeployment')
      .sort((a, b) => a.metadata.resourceVersion - b.metadata.resourceVersion)
      .map((event) => `${event.reason}: ${event.message}`);
  }

  /** Any request, by its whole path. */
  async request(method: 'POST' | 'PATCH' | 'DELETE', path: string, body: object): Promise<LiveObject> {
    return this.#send(method, path, body, method === 'PATCH' ? 'application/merge-patch+json' : 'application/json');
  }

  async #send(
    method: 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body: object,
    contentType: string,
  ): Promise<LiveObject> {
    const answer = await this.#connection.request({ method, path, body, contentType });
    return accept(answer.statusCode, answer.body);
  }

  #path(kind: Kind, name?: string): string {
    return resourcePath(RESOURCES[kind], this.namespace, name);
  }
}

/** Status, reason and message of a condition, as `Status reason: message`. */
export function conditionOf(object: LiveObject, type: string): string {
  const condition = object.status?.conditions?.find((one: { type: string }) => one.type === type);
  return condition ? `${condition.status} ${condition.reason}: ${condition.message}` : `no ${type}`;
}

function accept(statusCode: number, body: unknown): LiveObject {
  if (statusCode >= 200 && statusCode < 300) return body as KubernetesObject;
  throw new Error(`the API server answers ${statusCode}: ${JSON.stringify(body)}`);
}
