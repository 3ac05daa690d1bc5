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
  return pino({ level, base: {}, timestamp: pino.stdTimeFunctions.isoTime });
}
