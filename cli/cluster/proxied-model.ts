import { resourcePath, RESOURCES } from '../../operator/cluster/resources.ts';
import { CommandError } from '../exit-codes.ts';
import type { Cluster } from './cluster.ts';
import { asStatus, RefusedError } from './refusal.ts';

/** A request to the model that a ModelDeployment serves. */
export interface ModelRequest {
  readonly method: 'GET' | 'POST';
  /** Below the Service: `/predict`. */
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly accept?: string;
}

export interface ModelAnswer {
  readonly statusCode: number;
  readonly text: string;
  readonly contentType: string;
  /** JSON list of warnings that a body in CSV has no place for. */
  readonly warnings: string | undefined;
}

/** Longer than any requestTimeout: the runtime answers 504 first. */
const TIMEOUT_MS = 11 * 60_000;

/**
 * Sends a request to the Service of that name through the API server (`services/proxy`): no port needs to be forwarded.
 * @throws CommandError when it does not reach the model
 */
export async function askModel(cluster: Cluster, name: string, request: ModelRequest): Promise<ModelAnswer> {
  const path = `${resourcePath(RESOURCES.service, cluster.namespace, name)}:http/proxy${request.path}`;
  const { statusCode, headers, body } = await cluster.open({ ...request, path, timeoutMs: TIMEOUT_MS });
  const text = await body.text();
  const refusal = statusCode >= 400 ? asStatus(parseJson(text)) : undefined;
  if (refusal) {
    const action = `reach the Service ${name} through the API server`;
    if (statusCode === 404 || statusCode === 503) throw await unreachable(cluster, name, refusal.message);
    throw new RefusedError({ action, statusCode, body: refusal });
  }
  const warnings = headers['x-model-warnings'];
  return {
    statusCode,
    text,
    contentType: String(headers['content-type'] ?? ''),
    warnings: Array.isArray(warnings) ? warnings[0] : warnings,
  };
}

/** A body that the model takes, as the runtime knows it; undefined when it cannot be had. */
export async function exampleOf(cluster: Cluster, name: string): Promise<string | undefined> {
  try {
    const { statusCode, text } = await askModel(cluster, name, { method: 'GET', path: '/docs/example.json' });
    return statusCode === 200 ? text : undefined;
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}

/** The object may be missing, or have no ready pod. */
async function unreachable(cluster: Cluster, name: string, message: string | undefined): Promise<CommandError> {
  const { status } = await cluster.modelDeployment(name);
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const words = ready && ready.status !== 'True' ? `${ready.reason}: ${ready.message}` : (message ?? '');
  return new CommandError(`no pod of ${name} answers. ${words}`, {
    next: [`modeldeployment why ${name}${cluster.kubectlFlags}`],
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
