#!/usr/bin/env node
/** `modeldeployment COMMAND ...`, and as a plugin `kubectl modeldeployment COMMAND ...`. */
import '../operator/lean-imports.ts';
import { basename } from 'node:path';
import { runCommandLine } from './run-command-line.ts';
import { Terminal } from './terminal.ts';

const [, path = '', ...args] = process.argv;
// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
// Google's library warns when it finds no credentials at all; what comes of it is told by the command. `serve` logs warnings itself.
process.removeAllListeners('warning');
const terminal = new Terminal(process.stdout, process.stderr, process.env);
// Connections to the cluster may be kept open: what is written to a pipe must be out first.
process.exitCode = await runCommandLine(args, { terminal, calledAs: basename(path) });
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
process.exit();
