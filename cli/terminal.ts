import { styleText } from 'node:util';

/** Where a command's text goes. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export type Style = 'good' | 'bad' | 'wait' | 'dim' | 'strong';

const FORMATS = { good: 'green', bad: 'red', wait: 'yellow', dim: 'dim', strong: 'bold' } as const;
const DEFAULT_COLUMNS = 80;
/** Longer lines are hard to read, however wide the window. */
const MAX_COLUMNS = 120;

/** Standard output and standard error of one command. Colour and rewritten lines only for people: never in a pipe, never with NO_COLOR. */
export class Terminal {
  readonly #out: TextStream;
  readonly #error: TextStream;
  readonly #hasColour: boolean;

  constructor(out: TextStream, error: TextStream, environment: Readonly<Record<string, string | undefined>>) {
    this.#out = out;
    this.#error = error;
    // https://no-color.org: any value but the empty one
    this.#hasColour = out.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
  }

  /** Whether a person looks at standard output. */
  get isInteractive(): boolean {
    return this.#out.isTTY === true;
  }

  /** Width for text. */
  get columns(): number {
    return Math.min(this.#out.columns ?? DEFAULT_COLUMNS, MAX_COLUMNS);
  }

  /** Width of the window, for tables. */
  get tableColumns(): number {
    return this.isInteractive ? (this.#out.columns ?? DEFAULT_COLUMNS) : Number.POSITIVE_INFINITY;
  }

  /** Lines on standard output. */
  print(...lines: readonly string[]): void {
    this.#out.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** Exactly this text on standard output. */
  write(text: string): void {
    this.#out.write(text);
  }

  /** Lines on standard error: notes and progress, apart from the result. */
  note(...lines: readonly string[]): void {
    this.#error.write(lines.map((line) => `${line}\n`).join(''));
  }

  printJson(value: unknown): void {
    this.print(JSON.stringify(value, undefined, 2));
  }

  style(style: Style, text: string): string {
    return this.#hasColour ? styleText(FORMATS[style], text, { validateStream: false }) : text;
  }
}
