import type { V1Status } from '@kubernetes/client-node';
import { GROUP } from '../../operator/api/model-deployment.ts';
import { CommandError } from '../exit-codes.ts';

/** An HTTP answer of the API server other than success. */
export interface Refused {
  /** What was being done: `read ModelDeployment default/iris`. */
  readonly action: string;
  readonly statusCode: number;
  /** Parsed JSON, or text. */
  readonly body: unknown;
}

/** A refusal in words for the person at the keyboard. */
export class RefusedError extends CommandError {
  readonly statusCode: number;
  constructor(refused: Refused) {
    super(wordsOf(refused), { next: nextOf(refused) });
    this.statusCode = refused.statusCode;
  }
}

/** The body, where it is the API server's own word. */
export function asStatus(body: unknown): V1Status | undefined {
  const isStatus = typeof body === 'object' && body !== null && 'kind' in body && body.kind === 'Status';
  return isStatus ? (body as V1Status) : undefined;
}

/** Whether it was the path that is unknown, not the object: the kind is not installed. */
export function isUnknownKind({ statusCode, body }: Pick<Refused, 'statusCode' | 'body'>): boolean {
  return statusCode === 404 && asStatus(body)?.details?.name === undefined;
}

function wordsOf({ action, statusCode, body }: Refused): string {
  if (isUnknownKind({ statusCode, body })) {
    return `the cluster does not know ModelDeployments: the CRD of ${GROUP} is not installed`;
  }
  if (statusCode === 401) return `the API server does not accept your credentials (cannot ${action})`;
  const status = asStatus(body);
  const said = status?.message ?? `HTTP ${statusCode}`;
  if (statusCode === 403) return `you may not ${action}: ${said}`;
  const causes = causesOf(status);
  if (causes.length > 0) return `the object is refused:\n  ${causes.join('\n  ')}`;
  return `cannot ${action}: ${said}`;
}

function causesOf(status: V1Status | undefined): string[] {
  if (status?.reason !== 'Invalid') return [];
  // That some rules were not checked is about no field.
  const causes = (status.details?.causes ?? []).filter(({ field }) => field !== '<nil>');
  return causes.map(({ field, message }) => `${field ?? ''}: ${withoutEcho(message)}`);
}

/** `Invalid value: "s3://x": must ...`: who wrote the value knows it, or sees the type's name there. */
function withoutEcho(message = ''): string {
  return message.replace(/^Invalid value: (?:"[^"]*"|[^\s":]+): /, '');
}

function nextOf(refused: Refused): string[] {
  if (isUnknownKind(refused)) return ['kubectl apply -f install.yaml'];
  if (refused.statusCode === 401) return ['kubectl auth whoami'];
  return [];
}
