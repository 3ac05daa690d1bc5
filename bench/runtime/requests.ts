import { type Format } from './formats.ts';
import type { BenchModel, Row } from './models.ts';

/** Different bodies of one row: a body that comes again and again makes trees 10 to 30 % faster than they are. */
const SINGLE_ROWS = 1000;
const BATCHES = 200;

/** A request, for the check and as a whole HTTP message. */
export interface BenchRequest {
  /** Places of its rows in the golden data. */
  readonly rows: readonly number[];
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly message: Buffer;
}

export interface RequestShape {
  readonly format: Format;
  readonly path: string;
  readonly rowsPerRequest: number;
}

/** The requests that a server gets in turn, from the rows of the golden data. */
export function makeRequests(model: BenchModel, { format, path, rowsPerRequest }: RequestShape): BenchRequest[] {
  const { rows } = model.golden;
  return Array.from({ length: rowsPerRequest === 1 ? SINGLE_ROWS : BATCHES }, (_, index) => {
    const places = Array.from({ length: rowsPerRequest }, (_, row) => (index * rowsPerRequest + row) % rows.length);
    const { headers, body } = format.encode(
      model,
      places.map((place): Row => rows[place]!),
    );
    return { rows: places, path, headers, body, message: toMessage(path, headers, body) };
  });
}

function toMessage(path: string, headers: Readonly<Record<string, string>>, body: Buffer): Buffer {
  const lines = [`POST ${path} HTTP/1.1`, 'Host: 127.0.0.1', 'Accept: */*'];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  lines.push(`Content-Length: ${body.length}`, '', '');
  return Buffer.concat([Buffer.from(lines.join('\r\n')), body]);
}
