/** The inference thread, but a feed whose first value is NaN ends it, as running out of memory does. */
import { parentPort } from 'node:worker_threads';
import type { WorkerRequest } from '../../runtime/session/worker-session.ts';

const port = parentPort!;
const on = port.on.bind(port);
// Looked at before the thread gets it: a listener of its own would take what comes while the model is loaded.
port.on = ((event: 'message', listener: (request: WorkerRequest) => void) =>
  on(event, (request: WorkerRequest) => {
    for (const { data } of request.feeds.values()) if (Number.isNaN(data[0])) process.exit(1);
    listener(request);
  })) as typeof port.on;
await import('../../runtime/session/worker.ts');
