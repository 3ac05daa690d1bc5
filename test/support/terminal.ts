import { Terminal, type TextStream } from '../../cli/terminal.ts';

/** A terminal whose output can be read. */
export interface RecordedTerminal {
  readonly terminal: Terminal;
  readonly out: () => string;
  readonly error: () => string;
}

export interface RecordedTerminalOptions {
  /** Default false: a pipe. */
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

export function recordedTerminal({
  isTTY = false,
  columns = 80,
  environment = {},
}: RecordedTerminalOptions = {}): RecordedTerminal {
  const texts = { out: '', error: '' };
  const stream = (name: 'out' | 'error'): TextStream => ({ isTTY, columns, write: (text) => (texts[name] += text) });
  const terminal = new Terminal(stream('out'), stream('error'), environment);
  return { terminal, out: () => texts.out, error: () => texts.error };
}
