import { invalidInput } from '../errors.ts';
import type { AskedHeaders } from './answer.ts';

const HEADER = 'X-Request-Timeout-Ms';

/**
 * How long the client waits for its answer, by `X-Request-Timeout-Ms` (gRPC has `grpc-timeout`): past it nothing is computed for it any more.
 * @param limitMs of the server, which the client cannot raise
 * @throws RequestError InvalidInput
 */
export function requestTimeoutMsOf(headers: AskedHeaders, limitMs: number): number {
  const text = headers['x-request-timeout-ms'];
  if (text === undefined) return limitMs;
  if (/^\d{1,10}$/.test(text)) return Math.min(limitMs, Number(text));
  throw invalidInput(HEADER, `expected a whole number of milliseconds, got ${JSON.stringify(text.slice(0, 40))}`);
}
