const HEAD_END = '\r\n\r\n';
const LAST_CHUNK = '0\r\n\r\n';
/** `HTTP/1.1 200`: where the status stands. */
const STATUS_AT = 9;

/**
 * Finds the ends of the answers in the bytes of one connection, one answer at a time (no pipelining), and reads nothing of them but the
 * status: a full HTTP parser would cost the client as much as a fast server takes.
 */
export class ResponseReader {
  readonly #onResponse: (status: number) => void;
  #status = 0;
  /** Bytes of the body that are still to come; undefined between answers. */
  #left: number | undefined;
  /** An unfinished head, or the end of a chunked body. */
  #kept = '';
  #chunked = false;

  /** @param onResponse called when an answer is complete */
  constructor(onResponse: (status: number) => void) {
    this.#onResponse = onResponse;
  }

  /** @throws Error for an answer without a length, which this client cannot know the end of */
  feed(bytes: Buffer): void {
    if (this.#chunked) this.#feedChunked(bytes.toString('latin1'));
    else if (this.#left !== undefined) this.#feedBody(bytes.length);
    else this.#feedHead(bytes);
  }

  #feedHead(bytes: Buffer): void {
    const text = this.#kept + bytes.toString('latin1');
    const end = text.indexOf(HEAD_END);
    if (end === -1) {
      this.#kept = text;
      return;
    }
    this.#kept = '';
    this.#status = Number(text.slice(STATUS_AT, STATUS_AT + 3));
    const bodyBytes = text.length - end - HEAD_END.length;
    const length = contentLength(text, end);
    if (length !== undefined) {
      this.#left = length;
      this.#feedBody(bodyBytes);
    } else if (/\r\ntransfer-encoding: *chunked/i.test(text.slice(0, end))) {
      this.#chunked = true;
      this.#feedChunked(text.slice(text.length - bodyBytes));
    } else throw new Error(`an answer of unknown length: ${text.slice(0, end)}`);
  }

  #feedBody(bytes: number): void {
    this.#left = (this.#left ?? 0) - bytes;
    if (this.#left > 0) return;
    this.#left = undefined;
    this.#onResponse(this.#status);
  }

  #feedChunked(text: string): void {
    this.#kept = (this.#kept + text).slice(-(LAST_CHUNK.length + 2));
    if (this.#kept !== LAST_CHUNK && !this.#kept.endsWith(`\r\n${LAST_CHUNK}`)) return;
    this.#kept = '';
    this.#chunked = false;
    this.#onResponse(this.#status);
  }
}

function contentLength(text: string, headEnd: number): number | undefined {
  // The usual spellings first: a search without a regular expression is several times as fast.
  let at = text.indexOf('\r\nContent-Length: ');
  if (at === -1) at = text.indexOf('\r\ncontent-length: ');
  if (at === -1 || at > headEnd) return undefined;
  const start = at + '\r\nContent-Length: '.length;
  return Number(text.slice(start, text.indexOf('\r\n', start)));
}
