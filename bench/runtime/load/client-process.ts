/** The load generator's process. */
import { answerRequests } from '../asked-process.ts';
import type { ClientRequest } from './client.ts';
import { runClosedLoop } from './closed-loop.ts';
import { runOpenLoop } from './open-loop.ts';
import { runProbes } from './probes.ts';

answerRequests((request: ClientRequest): Promise<unknown> => {
  if (request.kind === 'closed-loop') return runClosedLoop(request.load);
  if (request.kind === 'open-loop') return runOpenLoop(request.load);
  return runProbes(request.load);
});
