import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import type { ErrorCode, RequestError } from '../errors.ts';

/** gRPC status of every error code. https://grpc.io/docs/guides/status-codes/ */
export const GRPC_STATUS: Readonly<Record<ErrorCode, status>> = {
  InvalidInput: status.INVALID_ARGUMENT,
  UnknownModel: status.NOT_FOUND,
  UnknownRoute: status.UNIMPLEMENTED,
  MethodNotAllowed: status.UNIMPLEMENTED,
  PayloadTooLarge: status.RESOURCE_EXHAUSTED,
  UnsupportedMediaType: status.INVALID_ARGUMENT,
  Overloaded: status.RESOURCE_EXHAUSTED,
  InferenceFailed: status.INTERNAL,
  ModelNotReady: status.UNAVAILABLE,
  DeadlineExceeded: status.DEADLINE_EXCEEDED,
};

/** Trailer that holds the error code as HTTP answers have it: some codes share a status. */
export const ERROR_CODE_TRAILER = 'x-error-code';

/** An error as grpc-js sends it: the message as details; the code, and when to try again, as trailers. */
export function toServiceError(error: RequestError): ServiceError {
  const metadata = new Metadata();
  metadata.set(ERROR_CODE_TRAILER, error.code);
  // What gRPC's retry policies look at, and nothing else in the protocol does: https://github.com/grpc/proposal/blob/master/A6-client-retries.md
  if (error.retryAfterSeconds !== undefined) {
    metadata.set('grpc-retry-pushback-ms', String(Math.round(error.retryAfterSeconds * 1000)));
  }
  // grpc-js encodes details as a URI, which half of a surrogate pair ends with an exception.
  const details = error.message.slice(0, MAX_DETAILS_CHARACTERS).toWellFormed();
  return Object.assign(new Error(details), { code: GRPC_STATUS[error.code], details, metadata });
}

/** Details are a header: clients refuse more than 8 KiB of those, and a character may take 12 bytes once escaped. */
const MAX_DETAILS_CHARACTERS = 500;
