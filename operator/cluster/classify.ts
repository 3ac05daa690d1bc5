import type { V1Status } from '@kubernetes/client-node';
import { ConflictError, TerminalError, TransientError } from '../errors.ts';

/** What the API server said instead of yes. */
export interface Refusal {
  /** What was being done, for messages: `apply Deployment team-a/iris`. */
  readonly action: string;
  readonly statusCode: number;
  /** The body, where it is a Status object. */
  readonly status: V1Status | undefined;
  /** The Retry-After header, as sent. */
  readonly retryAfter: string | undefined;
}

export type ClusterError = ConflictError | TransientError | TerminalError;

/** How soon to look again after a refusal whose cause (quota, right, policy) the operator does not watch. */
const RECHECK_UNSEEN_MS = 60_000;
/** The same for an object that is refused for what it says; only a change of rules of the cluster could help. */
const RECHECK_INVALID_MS = 600_000;
/** Longest message taken from the API server, in characters: status is read by people. */
const MAX_WORDS = 1_000;

/** The object is gone, was replaced, or was written by someone else: the next look tells. */
const CONFLICT: ReadonlySet<number> = new Set([404, 409, 410, 412]);
/** The object is refused for what it says. */
const INVALID: ReadonlySet<number> = new Set([400, 413, 415, 422]);

/**
 * HTTP answer of the API server -> error named by who must act next. Codes and reasons:
 * https://kubernetes.io/docs/reference/using-api/api-concepts/ and k8s.io/apimachinery/pkg/apis/meta/v1 StatusReason.
 */
export function classifyRefusal(refusal: Refusal): ClusterError {
  const { action, statusCode, status } = refusal;
  const message = `${action}: ${statusCode} ${status?.reason ?? 'without a reason'}`;
  const cause = new Error(status?.message ?? `HTTP ${statusCode}`);
  if (CONFLICT.has(statusCode) || isOtherUid(status) || isNamespaceTerminating(status)) {
    return new ConflictError(message, { cause });
  }
  if (statusCode === 403 && !isMissingRight(status)) return forbidden(refusal, cause);
  if (INVALID.has(statusCode)) {
    return new TerminalError('InvalidSpec', words(refusal), { cause, recheckAfterMs: RECHECK_INVALID_MS });
  }
  return new TransientError(message, { cause, retryAfterMs: parseRetryAfterMs(refusal) });
}

/** A request that got no answer at all. */
export function classifyNoAnswer(action: string, cause: unknown): TransientError {
  return new TransientError(`${action}: no answer from the API server`, { cause });
}

/*
 * The two functions that read a message: quota, admission policies and missing rights have the same reason, code and details.
 */

function forbidden(refusal: Refusal, cause: Error): TerminalError {
  const isQuota = /\bexceeded quota\b/.test(refusal.status?.message ?? '');
  return new TerminalError(isQuota ? 'QuotaExceeded' : 'InvalidSpec', words(refusal), {
    cause,
    recheckAfterMs: RECHECK_UNSEEN_MS,
  });
}

/** Nothing that the ModelDeployment could change; and an API server that has just started refuses everything for a moment. */
function isMissingRight(status: V1Status | undefined): boolean {
  return /\bUser "[^"]*" cannot \w+ resource\b/.test(status?.message ?? '');
}

/** An apply that names a uid meets an object of that name with another uid. */
function isOtherUid(status: V1Status | undefined): boolean {
  return status?.details?.causes?.some((cause) => cause.field === 'metadata.uid') ?? false;
}

/** Nothing can be created there any more, and soon nothing is left to reconcile. */
function isNamespaceTerminating(status: V1Status | undefined): boolean {
  return status?.details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating') ?? false;
}

function words({ action, status, statusCode }: Refusal): string {
  const text = `The API server refused to ${action}: ${status?.message ?? `HTTP ${statusCode}`}`;
  return text.length > MAX_WORDS ? `${text.slice(0, MAX_WORDS - 1)}…` : text;
}

/** Seconds, as the API server sends them; it puts the same number into the body. */
function parseRetryAfterMs({ retryAfter, status }: Refusal): number | undefined {
  const seconds = Number(retryAfter ?? status?.details?.retryAfterSeconds);
  return seconds > 0 ? seconds * 1_000 : undefined;
}
