import type { KubeConfig, KubernetesObject } from '@kubernetes/client-node';
import type { ApiRequest, ApiServerConnection, OpenResponse } from '../../operator/cluster/connection.ts';
import { RESOURCES, resourcePath, type Resource } from '../../operator/cluster/resources.ts';
import type { ModelDeployment } from '../../operator/api/generated.ts';
import { CommandError } from '../exit-codes.ts';
import { RefusedError } from './refusal.ts';

export interface ClusterOptions {
  readonly connection: Pick<ApiServerConnection, 'request' | 'open'>;
  readonly kubeConfig: KubeConfig;
  readonly contextName: string;
  /** `https://host:port` */
  readonly server: string;
  readonly namespace: string;
  /** ` -n ml --context prod`: what printed commands need, too; empty when nothing was given. */
  readonly kubectlFlags: string;
}

/** Field manager of what a person applies or patches by this program. */
const FIELD_MANAGER = 'modeldeployment-cli';

/** The cluster as its user sees it: every refusal is an error in words. */
export class Cluster {
  readonly namespace: string;
  readonly contextName: string;
  readonly server: string;
  readonly kubectlFlags: string;
  /** For what is not plain HTTP: port-forward. */
  readonly kubeConfig: KubeConfig;
  readonly #options: ClusterOptions;
  readonly #connection: Pick<ApiServerConnection, 'request' | 'open'>;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.namespace = options.namespace;
    this.contextName = options.contextName;
    this.server = options.server;
    this.kubectlFlags = options.kubectlFlags;
    this.kubeConfig = options.kubeConfig;
    this.#connection = options.connection;
  }

  /** The same cluster, looked at in another namespace. */
  inNamespace(namespace: string | undefined): Cluster {
    if (namespace === undefined || namespace === this.namespace) return this;
    const kubectlFlags = `${this.kubectlFlags.replace(/ -n \S+/, '')} -n ${namespace}`;
    return new Cluster({ ...this.#options, namespace, kubectlFlags });
  }

  /** @throws CommandError when there is none, with the names there are */
  async modelDeployment(name: string): Promise<ModelDeployment> {
    const found = await this.find<ModelDeployment>(RESOURCES.modelDeployment, name);
    if (found) return found;
    const others = await this.modelDeployments().catch(() => []);
    const names = others.map(({ metadata }) => metadata.name).slice(0, 10);
    const hint = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
    throw new CommandError(`there is no ModelDeployment ${name} in namespace ${this.namespace}; ${hint}`);
  }

  /** Of this namespace, or of all. */
  modelDeployments({ allNamespaces = false } = {}): Promise<ModelDeployment[]> {
    const namespace = allNamespaces ? undefined : this.namespace;
    return this.list<ModelDeployment>(RESOURCES.modelDeployment, { namespace });
  }

  /** undefined: there is no such object. @throws CommandError */
  async find<T>(resource: Resource, name: string, namespace: string = this.namespace): Promise<T | undefined> {
    const path = resourcePath(resource, namespace, name);
    const { statusCode, body } = await this.request({ method: 'GET', path });
    if (statusCode === 200) return body as T;
    const refused = { action: `read ${resource.kind} ${namespace}/${name}`, statusCode, body };
    if (statusCode === 404 && hasName(body)) return undefined;
    throw new RefusedError(refused);
  }

  /** @throws CommandError */
  async list<T>(
    resource: Resource,
    options: { namespace?: string | undefined; labels?: string | undefined; fields?: string | undefined } = {},
  ): Promise<T[]> {
    const namespace = 'namespace' in options ? options.namespace : this.namespace;
    const query = new URLSearchParams();
    if (options.labels) query.set('labelSelector', options.labels);
    if (options.fields) query.set('fieldSelector', options.fields);
    const path = `${resourcePath(resource, namespace)}?${query.toString()}`;
    const { statusCode, body } = await this.request({ method: 'GET', path });
    if (statusCode !== 200) {
      const where = namespace === undefined ? 'all namespaces' : `namespace ${namespace}`;
      throw new RefusedError({ action: `list ${resource.plural} in ${where}`, statusCode, body });
    }
    const { items } = body as { items: T[] };
    // Items of a list do not carry their kind.
    return items.map((item) => ({ apiVersion: undefined, ...item, kind: resource.kind }));
  }

  /**
   * Server-side apply of a ModelDeployment as the person's own fields.
   * @param force take over fields that somebody else has set otherwise
   * @throws CommandError
   */
  async apply(object: KubernetesObject, { force }: { force: boolean }): Promise<ModelDeployment> {
    const name = object.metadata?.name ?? '';
    const namespace = object.metadata?.namespace ?? this.namespace;
    const path = `${resourcePath(RESOURCES.modelDeployment, namespace, name)}?fieldManager=${FIELD_MANAGER}&force=${force}&fieldValidation=Strict`;
    const contentType = 'application/apply-patch+yaml';
    const { statusCode, body } = await this.request({ method: 'PATCH', path, body: object, contentType });
    if (statusCode < 300) return body as ModelDeployment;
    throw new RefusedError({ action: `apply ModelDeployment ${namespace}/${name}`, statusCode, body });
  }

  /** JSON merge patch of a ModelDeployment. @throws CommandError */
  async patch(name: string, patch: object): Promise<ModelDeployment> {
    const path = `${resourcePath(RESOURCES.modelDeployment, this.namespace, name)}?fieldManager=${FIELD_MANAGER}`;
    const contentType = 'application/merge-patch+json';
    const { statusCode, body } = await this.request({ method: 'PATCH', path, body: patch, contentType });
    if (statusCode < 300) return body as ModelDeployment;
    throw new RefusedError({ action: `change ModelDeployment ${this.namespace}/${name}`, statusCode, body });
  }

  /** Any HTTP answer. @throws CommandError when there is none */
  async request(request: ApiRequest): Promise<{ readonly statusCode: number; readonly body: unknown }> {
    return this.#connection.request(request).catch((cause: unknown) => {
      throw noAnswer(this.server, cause);
    });
  }

  /** As `request`, the body unread. */
  async open(request: ApiRequest): Promise<OpenResponse> {
    return this.#connection.open(request).catch((cause: unknown) => {
      throw noAnswer(this.server, cause);
    });
  }
}

function hasName(body: unknown): boolean {
  return (body as { details?: { name?: string } } | undefined)?.details?.name !== undefined;
}

function noAnswer(server: string, cause: unknown): CommandError {
  const { code, message } = cause as { code?: string; message?: string };
  return new CommandError(`the API server ${server} does not answer (${code ?? message ?? String(cause)})`, {
    cause,
    next: ['kubectl cluster-info'],
  });
}
