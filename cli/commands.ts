import type { CommandSpec } from './command.ts';
import { DEPLOY, PREDICT, ROLLBACK, BENCH } from './specs/changing.ts';
import { SERVE, CONVERT, COMPLETION } from './specs/local.ts';
import { STATUS, WHY, LOGS, DIFF, DOCTOR } from './specs/looking.ts';

/** Every command, in the order of the help. --help, docs/cli.md and completion are made from this table. */
export const COMMANDS: readonly CommandSpec[] = [
  SERVE,
  DEPLOY,
  PREDICT,
  STATUS,
  WHY,
  LOGS,
  DIFF,
  ROLLBACK,
  BENCH,
  CONVERT,
  DOCTOR,
  COMPLETION,
];
