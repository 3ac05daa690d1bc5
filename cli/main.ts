#!/usr/bin/env node
/** `modeldeployment COMMAND ...` */
import { serve } from './serve.ts';

const HELP = `Usage: modeldeployment COMMAND

  serve PATH   serve a model on this machine; see modeldeployment serve --help
`;

const [command, ...args] = process.argv.slice(2);
switch (command) {
  case 'serve':
    process.exit(await serve(args));
    break;
  case '--help':
  case '-h':
  case 'help':
    process.stdout.write(HELP);
    break;
  default:
    process.stderr.write(command === undefined ? HELP : `There is no command "${command}".\n\n${HELP}`);
    process.exitCode = 2;
}
