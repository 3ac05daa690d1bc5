import { randomUUID } from 'node:crypto';

/** What is echoed: printable ASCII without spaces, so that it can go into a header and a log line as it is. */
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** The request's id: the client's where it is fit to be one, else a new one. */
export function requestIdFrom(given: string): string {
  return REQUEST_ID.test(given) ? given : randomUUID();
}
