/** Loads a model, runs it and frees it again, so many times. Arguments: the file, how many times, `inline` or `worker`. Prints resident bytes after each, a line each. */
import { createInlineSession } from '../../runtime/session/inline-session.ts';
import { createWorkerSession } from '../../runtime/session/worker-session.ts';
import type { NamedTensors } from '../../runtime/tensor/tensor.ts';

const [file = '', count = '0', thread = 'inline'] = process.argv.slice(2);
const feeds: NamedTensors = new Map([['X', { datatype: 'FP32', shape: [1, 4], data: new Float32Array(4) }]]);
for (let cycle = 0; cycle < Number(count); cycle += 1) {
  const session = await (thread === 'worker'
    ? createWorkerSession({ modelFile: file, threads: 1 })
    : createInlineSession(file));
  await session.run(feeds, ['probabilities']);
  await session.close();
  console.log(process.memoryUsage.rss());
}
