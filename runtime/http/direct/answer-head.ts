import { STATUS_CODES } from 'node:http';
import type { HttpAnswer } from '../answer.ts';

/** What goes into the head of an answer beside the answer's own. */
export interface AnswerFrame {
  readonly requestId: string;
  /** Of the model; undefined while it is loading. */
  readonly generation: string | undefined;
  /** Of the body, after compression. */
  readonly bodyBytes: number;
  readonly varies: boolean;
  /** `Content-Encoding`. */
  readonly coding: string | undefined;
  readonly closes: boolean;
}

/** As node:http says it, see `KEEP_ALIVE_TIMEOUT_MS`. */
const KEEP_ALIVE = 'Connection: keep-alive\r\nKeep-Alive: timeout=65\r\n\r\n';
const CLOSE = 'Connection: close\r\n\r\n';

/** Status line and headers of an answer, in ASCII, up to the empty line; the same headers in the same order as Koa's. */
export function answerHead(answer: HttpAnswer, frame: AnswerFrame): string {
  const { status, headers, contentType } = answer;
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nX-Request-Id: ${frame.requestId}\r\n`;
  if (frame.generation !== undefined) text += `X-Model-Generation: ${frame.generation}\r\n`;
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  text += `Content-Type: ${contentType}\r\nContent-Length: ${frame.bodyBytes}\r\n`;
  if (frame.varies) text += 'Vary: Accept-Encoding\r\n';
  if (frame.coding !== undefined) text += `Content-Encoding: ${frame.coding}\r\n`;
  return `${text}Date: ${dateNow()}\r\n${frame.closes ? CLOSE : KEEP_ALIVE}`;
}

let dateSecond = 0;
let dateText = '';

/** RFC 9110, 6.6.1; made once a second. */
function dateNow(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(second * 1000).toUTCString();
  }
  return dateText;
}
