import { writeSync } from 'node:fs';
import { pino } from 'pino';
import type { LogLevel } from './config.ts';

/** What the operator needs of a logger: a constant message, the rest in fields. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** JSON lines on standard output; errors under `err` with their causes. */
export function createLogger(level: LogLevel): Logger {
  return pino({ level, base: {}, timestamp: pino.stdTimeFunctions.isoTime }, { write: writeLine });
}

/**
 * Sends the warnings of Node and of libraries to the debug log, such as Google's that no metadata server answers, which comes with every
 * question that is asked without credentials. What a person can do about it is in the status.
 */
export function logProcessWarnings(log: Logger): void {
  process.removeAllListeners('warning');
  process.on('warning', (err) => log.debug({ err }, 'warning of Node or of a library'));
}

const STANDARD_OUTPUT = 1;

/** A line that cannot be written (the disk is full, nobody reads) is lost. pino's own writer ends the process then, or hangs. */
function writeLine(line: string): void {
  try {
    for (let rest = Buffer.from(line); rest.length > 0;) rest = rest.subarray(writeSync(STANDARD_OUTPUT, rest));
  } catch {
    // There is nowhere to tell.
  }
}
