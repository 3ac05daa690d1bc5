import { devNull } from 'node:os';
import { sep } from 'node:path';
import { readImageStart } from '../../../dev/images/image-start.ts';
import { MAX_ROWS_UNLESS_SET } from '../../../runtime/contract.ts';
import { V1, V2_BINARY } from '../formats.ts';
import type { ServerDefinition } from './definition.ts';

/**
 * Our runtime as the image of its checkout starts it, with the same flags and environment.
 * @param main CHECKOUT/dist/bundle/runtime/main.js, or another build of it to compare with
 * @param env on top of the image's
 */
export function ours(main: string, name = 'ours', env: Readonly<Record<string, string>> = {}): ServerDefinition {
  const image = readImageStart(main.slice(0, main.indexOf(`${sep}dist${sep}`)), 'runtime');
  return {
    name,
    title: name === 'ours' ? 'this runtime' : `this runtime: ${name}`,
    command: (model, port) => ({
      command: [process.execPath, ...image.flags, main],
      env: {
        ...image.env,
        // As in a pod, where whoever reads it starts the container again.
        TERMINATION_LOG: devNull,
        HOST: '127.0.0.1',
        HTTP_PORT: String(port),
        GRPC_PORT: '0',
        METRICS_PORT: '0',
        CPU_LIMIT_MILLIS: '1000',
        // As the operator says it.
        BATCHING_MAX_ROWS: String(MAX_ROWS_UNLESS_SET),
        MODEL_PATH: model.file,
        MODEL_NAME: model.name,
        ...(model.namesClasses ? {} : { MODEL_LABELS: JSON.stringify(model.golden.labels.map(String)) }),
        ...env,
      },
    }),
    readyPath: '/readyz',
    protocol: (format, model) =>
      format === 'v1'
        ? { format: V1, path: `/v1/models/${model.name}:predict`, hasAnswers: true }
        : { format: V2_BINARY, path: `/v2/models/${model.name}/infer`, hasAnswers: true },
  };
}
