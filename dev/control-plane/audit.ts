import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** One request as the API server's audit log tells it. A watch is one request, however long it stays open. */
export interface ApiRequest {
  readonly user: string;
  readonly userAgent: string;
  /** As RBAC sees it: get, list, watch, create, update, patch, delete, deletecollection. */
  readonly verb: string;
  /** Path and query. */
  readonly uri: string;
  /** Plural, with the subresource: `modeldeployments/status`. Undefined for requests about no object, such as /readyz. */
  readonly resource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  /** HTTP status of the answer; undefined when the connection ended before one. */
  readonly status: number | undefined;
  readonly receivedAt: Date;
}

/** Which requests to count; a field left out matches all. */
export interface RequestFilter {
  readonly user?: string;
  /** Start of the User-Agent header. */
  readonly userAgent?: string;
  readonly verb?: string | readonly string[];
  readonly resource?: string;
  readonly namespace?: string;
  /** Only requests that came after this mark was taken. */
  readonly since?: AuditMark;
}

/** A position in the audit log. */
export type AuditMark = number & { readonly __brand: 'AuditMark' };

/** Metadata of every request, written once when it is answered (a watch: when it is accepted). The API server's own calls are left out. */
export const AUDIT_POLICY = JSON.stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  omitManagedFields: true,
  rules: [{ level: 'None', users: ['system:apiserver'] }, { level: 'Metadata' }],
});

interface AuditEvent {
  readonly auditID: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly objectRef?: { resource?: string; subresource?: string; namespace?: string; name?: string };
  readonly responseStatus?: { readonly code?: number };
  readonly requestReceivedTimestamp: string;
}

/** Reads the log from a mark (default: its start) and keeps what the filter matches, in the order of the answers. */
export async function readAuditLog(file: string, filter: RequestFilter = {}): Promise<ApiRequest[]> {
  const requests: ApiRequest[] = [];
  const seen = new Set<string>();
  const stream = createReadStream(file, { encoding: 'utf8', start: filter.since ?? 0 });
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    const event = parseEvent(line);
    // A watch is logged when it is accepted and again when it ends.
    if (event === undefined || seen.has(event.auditID)) continue;
    seen.add(event.auditID);
    const request = toRequest(event);
    if (matches(request, filter)) requests.push(request);
  }
  return requests;
}

/** The API server may be in the middle of writing the last line, or have been killed in it. */
function parseEvent(line: string): AuditEvent | undefined {
  try {
    return JSON.parse(line) as AuditEvent;
  } catch {
    return undefined;
  }
}

function toRequest(event: AuditEvent): ApiRequest {
  const { resource, subresource, namespace, name } = event.objectRef ?? {};
  return {
    user: event.user.username,
    userAgent: event.userAgent ?? '',
    verb: event.verb,
    uri: event.requestURI,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    namespace,
    name,
    status: event.responseStatus?.code,
    receivedAt: new Date(event.requestReceivedTimestamp),
  };
}

function matches(request: ApiRequest, filter: RequestFilter): boolean {
  const equal = (wanted: string | undefined, value: string | undefined) => wanted === undefined || wanted === value;
  return (
    equal(filter.user, request.user) &&
    equal(filter.resource, request.resource) &&
    equal(filter.namespace, request.namespace) &&
    (filter.verb === undefined || [filter.verb].flat().includes(request.verb)) &&
    request.userAgent.startsWith(filter.userAgent ?? '')
  );
}
