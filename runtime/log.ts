import { writeSync } from 'node:fs';
import { pino } from 'pino';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What the runtime needs of a logger: a constant message, the rest in fields. Never bodies, tensors or credentials. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * JSON lines, written before the call returns, so that the last one of a process is never lost; errors under `err` with their causes.
 * @param descriptor file descriptor: 1 standard output (default), 2 standard error
 */
export function createLogger(level: LogLevel, descriptor: 1 | 2 = 1): Logger {
  const settings = { level, base: {}, timestamp: pino.stdTimeFunctions.isoTime };
  return pino(settings, { write: (line) => writeLine(line, descriptor) });
}

/** A line that cannot be written (the disk is full, nobody reads) is lost: predictions are worth more. pino's own writer ends the process. */
function writeLine(line: string, descriptor: number): void {
  try {
    for (let rest = Buffer.from(line); rest.length > 0;) rest = rest.subarray(writeSync(descriptor, rest));
  } catch {
    // There is nowhere to tell.
  }
}

/** Sends the warnings of Node and of libraries to the debug log; else they would be printed between its lines. Nobody who serves a model can act on them. */
export function logProcessWarnings(log: Logger): void {
  process.removeAllListeners('warning');
  process.on('warning', (err) => log.debug({ err }, 'warning of Node or of a library'));
}
