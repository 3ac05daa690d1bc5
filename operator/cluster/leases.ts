import type { V1Status } from '@kubernetes/client-node';
import type { Lease, LeaseStore } from '../leader-election.ts';
import { classifyNoAnswer, classifyRefusal } from './classify.ts';
import type { ApiRequest, ApiResponse, ApiServerConnection } from './connection.ts';
import { RESOURCES, resourcePath } from './resources.ts';

/** One Lease in coordination.k8s.io/v1. A request may take only as long as an attempt to renew may. */
export function createLeaseStore(
  connection: Pick<ApiServerConnection, 'request'>,
  { namespace, name, timeoutMs }: { namespace: string; name: string; timeoutMs: number },
): LeaseStore {
  const path = resourcePath(RESOURCES.lease, namespace, name);
  const send = async (action: string, apiRequest: ApiRequest): Promise<Lease | undefined> => {
    const response = await answer(connection, `${action} lease ${namespace}/${name}`, { ...apiRequest, timeoutMs });
    return response.statusCode === 404 && action === 'read' ? undefined : accept(action, response);
  };
  return {
    read: () => send('read', { method: 'GET', path }),
    create: (spec) => {
      const body = { ...TYPE, metadata: { namespace, name }, spec };
      return send('create', {
        method: 'POST',
        path: resourcePath(RESOURCES.lease, namespace),
        body,
      }) as Promise<Lease>;
    },
    update: (lease) => send('update', { method: 'PUT', path, body: { ...TYPE, ...lease } }) as Promise<Lease>,
  };
}

const TYPE = { apiVersion: 'coordination.k8s.io/v1', kind: RESOURCES.lease.kind };

async function answer(
  connection: Pick<ApiServerConnection, 'request'>,
  action: string,
  apiRequest: ApiRequest,
): Promise<ApiResponse> {
  try {
    return await connection.request(apiRequest);
  } catch (cause) {
    throw classifyNoAnswer(action, cause);
  }
}

function accept(action: string, { statusCode, body, retryAfter }: ApiResponse): Lease {
  if (statusCode >= 200 && statusCode < 300) return body as Lease;
  throw classifyRefusal({ action: `${action} lease`, statusCode, status: body as V1Status, retryAfter });
}
