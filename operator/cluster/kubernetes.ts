import { randomBytes } from 'node:crypto';
import type { KubernetesObject, V1Status } from '@kubernetes/client-node';
import { FIELD_MANAGER } from '../api/labels.ts';
import type { Clock } from '../clock.ts';
import { TransientError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { ApiRequest, ApiResponse } from './connection.ts';
import { classifyNoAnswer, classifyRefusal } from './classify.ts';
import type { ClusterClient, ClusterEvent, Precondition } from './client.ts';
import type { RequestPacer } from './request-pacer.ts';
import { RESOURCES, resourceOfKind, resourcePath } from './resources.ts';
import { trim } from './trim.ts';

/** What a write needs of its surroundings. */
export interface KubernetesClusterOptions {
  readonly connection: { request(request: ApiRequest): Promise<ApiResponse> };
  /** Told of every object that a write answered with, and of every deletion. */
  readonly cache: { ofKind(kind: string | undefined): WriteObserver };
  /** Keeps requests back while the API server asks for it. */
  readonly pacer: Pick<RequestPacer, 'ready' | 'onRefused'>;
  /** Throws when this process may not write (any more). */
  readonly assertMayWrite: () => void;
  /** Told of every request: `apply`, `applyStatus`, `patch`, `delete`, `read`, `event`, with the kind and the HTTP status (0: no answer). */
  readonly onRequest: (verb: string, kind: string, statusCode: number) => void;
  /** Name of this process in events: the pod's. */
  readonly identity: string;
  readonly clock: Clock;
  readonly log: Logger;
}

interface WriteObserver {
  written(object: KubernetesObject): void;
  deleted(object: KubernetesObject): void;
}

const APPLY = 'application/apply-patch+yaml';
/** Without a validation of field names, for which the API server would read every body a second time and tell the result in a header. */
const APPLY_QUERY = `fieldManager=${FIELD_MANAGER}&force=true&fieldValidation=Ignore`;
/** No object ever has it: an apply that asks for it can only create. The first write to an empty etcd makes revision 2. */
const NEVER_A_RESOURCE_VERSION = '1';
/** Longest `message` and `reason` of an event: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
const MAX_EVENT_MESSAGE = 1_024;

/** ClusterClient on the API server's HTTP interface. */
export class KubernetesCluster implements ClusterClient {
  readonly #options: KubernetesClusterOptions;

  constructor(options: KubernetesClusterOptions) {
    this.#options = options;
  }

  async apply<T extends KubernetesObject>(object: T, precondition: Precondition): Promise<T> {
    const guard = 'absent' in precondition ? { resourceVersion: NEVER_A_RESOURCE_VERSION } : { uid: precondition.uid };
    const body = { ...object, metadata: Object.assign({}, object.metadata, guard) };
    const answer = await this.#write('apply', object, { method: 'PATCH', path: applyPath(object), body });
    this.#options.cache.ofKind(object.kind).written(answer);
    return answer as T;
  }

  async applyStatus<T extends KubernetesObject>(object: T): Promise<T> {
    const path = applyPath(object, '/status');
    const answer = await this.#write('applyStatus', object, { method: 'PATCH', path, body: object });
    this.#options.cache.ofKind(object.kind).written(answer);
    return answer as T;
  }

  async patch(object: KubernetesObject, operations: readonly object[]): Promise<void> {
    const asRead = { op: 'replace', path: '/metadata/resourceVersion', value: object.metadata?.resourceVersion };
    const answer = await this.#write('patch', object, {
      method: 'PATCH',
      path: `${objectPath(object)}?fieldManager=${FIELD_MANAGER}`,
      body: [asRead, ...operations],
      contentType: 'application/json-patch+json',
    });
    this.#options.cache.ofKind(object.kind).written(answer);
  }

  async read<T extends KubernetesObject>(object: T): Promise<T | undefined> {
    const response = await this.#request('read', object, { method: 'GET', path: objectPath(object) });
    if (response.statusCode === 404) return undefined;
    const live = this.#accept('read', object, response) as T;
    trim(live, resourceOfKind(live.kind));
    return live;
  }

  async delete(object: KubernetesObject): Promise<void> {
    const response = await this.#request('delete', object, {
      method: 'DELETE',
      path: objectPath(object),
      body: { preconditions: { uid: object.metadata?.uid }, propagationPolicy: 'Background' },
    });
    // 409: the uid is another one's, so ours is gone too.
    if (response.statusCode !== 404 && response.statusCode !== 409) this.#accept('delete', object, response);
    this.#options.cache.ofKind(object.kind).deleted(object);
  }

  async recordEvent(about: KubernetesObject, event: ClusterEvent): Promise<void> {
    const { identity, clock, log } = this.#options;
    const body = makeEvent(about, event, { identity, now: new Date(clock.now()) });
    log.info({ about: nameOf(about), ...event }, 'event');
    try {
      await this.#write('event', body, {
        method: 'POST',
        path: resourcePath(RESOURCES.event, body.metadata.namespace),
        body,
        contentType: 'application/json',
      });
    } catch (err) {
      log.warn({ err, about: nameOf(about), event }, 'event was not recorded');
    }
  }

  async #write(verb: string, object: KubernetesObject, apiRequest: ApiRequest): Promise<KubernetesObject> {
    const response = await this.#request(verb, object, { contentType: APPLY, ...apiRequest });
    return this.#accept(verb, object, response);
  }

  async #request(verb: string, object: KubernetesObject, apiRequest: ApiRequest): Promise<ApiResponse> {
    const { connection, pacer, assertMayWrite, onRequest } = this.#options;
    const kind = object.kind ?? '';
    await pacer.ready();
    // After every wait: what was true before it may have changed.
    if (apiRequest.method !== 'GET') assertMayWrite();
    try {
      const response = await connection.request(apiRequest);
      onRequest(verb, kind, response.statusCode);
      return response;
    } catch (cause) {
      onRequest(verb, kind, 0);
      throw classifyNoAnswer(`${verb} ${nameOf(object)}`, cause);
    }
  }

  #accept(verb: string, object: KubernetesObject, response: ApiResponse): KubernetesObject {
    const { statusCode, body, retryAfter } = response;
    if (statusCode >= 200 && statusCode < 300) return body as KubernetesObject;
    const status = isStatus(body) ? body : undefined;
    const error = classifyRefusal({ action: `${verb} ${nameOf(object)}`, statusCode, status, retryAfter });
    if (error instanceof TransientError) this.#options.pacer.onRefused(error.retryAfterMs);
    throw error;
  }
}

function objectPath({ kind, metadata }: KubernetesObject): string {
  return resourcePath(resourceOfKind(kind), metadata?.namespace, metadata?.name ?? '');
}

function applyPath(object: KubernetesObject, subresource = ''): string {
  return `${objectPath(object)}${subresource}?${APPLY_QUERY}`;
}

function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
}

function isStatus(body: unknown): body is V1Status {
  return typeof body === 'object' && body !== null && 'kind' in body && body.kind === 'Status';
}

/** An event of core/v1, of which `kubectl describe` shows the last ones. Its name is unique, as client-go's are. */
function makeEvent(
  about: KubernetesObject,
  { type, reason, message }: ClusterEvent,
  { identity, now }: { identity: string; now: Date },
) {
  const { name = '', namespace = '', uid, resourceVersion } = about.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name}.${now.getTime().toString(16)}${randomBytes(3).toString('hex')}`, namespace },
    involvedObject: { apiVersion: about.apiVersion, kind: about.kind, name, namespace, uid, resourceVersion },
    type,
    reason,
    message: message.length > MAX_EVENT_MESSAGE ? `${message.slice(0, MAX_EVENT_MESSAGE - 1)}…` : message,
    source: { component: FIELD_MANAGER },
    reportingComponent: FIELD_MANAGER,
    reportingInstance: identity,
    firstTimestamp: now.toISOString(),
    lastTimestamp: now.toISOString(),
    count: 1,
  };
}
