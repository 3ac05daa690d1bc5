import { invalidInput } from '../../errors.ts';

/** The text of a field; null where nothing stands between two commas, not even quotes. */
export type CsvCell = string | null;

const END_OF_FIELD = /[,\r\n]/g;

/**
 * Records of a CSV text (RFC 4180): fields separated by commas, quoted where they hold commas, quotes (doubled) or line ends. Lines may end in
 * CRLF, LF or CR. Empty lines are left out. One pass.
 * @throws RequestError InvalidInput for quotes that are not closed, or closed before the field's end; the message names the line
 */
export function parseCsv(text: string): CsvCell[][] {
  const records: CsvCell[][] = [];
  const reader = new FieldReader(text);
  let record: CsvCell[] = [];
  while (!reader.isAtEnd || record.length > 0) {
    record.push(reader.field());
    if (reader.hasNextField()) continue;
    if (record.length > 1 || record[0] !== null) records.push(record);
    record = [];
  }
  return records;
}

class FieldReader {
  readonly #text: string;
  #offset = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#text.length;
  }

  field(): CsvCell {
    if (this.#text[this.#offset] === '"') return this.#quoted();
    END_OF_FIELD.lastIndex = this.#offset;
    const end = END_OF_FIELD.exec(this.#text)?.index ?? this.#text.length;
    const cell = end === this.#offset ? null : this.#text.slice(this.#offset, end);
    this.#offset = end;
    return cell;
  }

  /** Moves behind the comma or line end that follows a field. */
  hasNextField(): boolean {
    const delimiter = this.#text[this.#offset];
    this.#offset += delimiter === '\r' && this.#text[this.#offset + 1] === '\n' ? 2 : 1;
    return delimiter === ',';
  }

  #quoted(): string {
    const start = this.#offset + 1;
    let end = this.#text.indexOf('"', start);
    let hasQuotes = false;
    while (end !== -1 && this.#text[end + 1] === '"') {
      hasQuotes = true;
      end = this.#text.indexOf('"', end + 2);
    }
    if (end === -1) throw this.#problem('this quote is never closed', start);
    const next = this.#text[end + 1];
    if (next !== undefined && next !== ',' && next !== '\r' && next !== '\n') {
      throw this.#problem('expected a comma or the end of the line after a closing quote', end);
    }
    this.#offset = end + 1;
    const cell = this.#text.slice(start, end);
    return hasQuotes ? cell.replaceAll('""', '"') : cell;
  }

  #problem(problem: string, offset: number): Error {
    const line = this.#text.slice(0, offset).split(/\r\n|\r|\n/).length;
    return invalidInput(`line ${line}`, problem);
  }
}
