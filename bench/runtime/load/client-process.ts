/** The load generator's process. */
import { answerRequests } from '../asked-process.ts';
import type { ClientRequest } from './client.ts';
import { runClosedLoop } from './closed-loop.ts';

answerRequests((request: ClientRequest) => runClosedLoop(request.load));
