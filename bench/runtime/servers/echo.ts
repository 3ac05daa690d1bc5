import { join } from 'node:path';
import { V1, V2_BINARY } from '../formats.ts';
import type { ServerDefinition } from './definition.ts';

/** What node:http itself costs: parses the JSON of a body, and answers the same JSON written again. */
export const ECHO: ServerDefinition = {
  name: 'echo',
  title: 'JSON echo on bare node:http',
  command: (_, port) => ({
    command: [process.execPath, join(import.meta.dirname, 'echo-process.ts'), String(port)],
    env: { NODE_ENV: 'production' },
  }),
  readyPath: '/',
  protocol: (format) => ({ format: format === 'v1' ? V1 : V2_BINARY, path: '/', hasAnswers: false }),
};
