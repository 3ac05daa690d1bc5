import type { Middleware } from 'koa';
import { RequestError } from '../errors.ts';
import type { Presentation } from '../onnx/signature.ts';
import { servingMetadata } from '../protocol/v1/serving-metadata.ts';
import type { ServingState } from '../serving-state.ts';

/** The model's name in a path of the V1 or V2 protocol, the version where there is one, and the rest; a verb such as `:predict` may follow. */
const MODEL_IN_PATH = /^\/(v[12])\/models\/([^/:]+)(?:\/versions\/([^/:]+))?(.*)$/;

/** What stands for the model in the table of routes, with the version left out. */
export const MODEL_ROUTE = { v1: '/v1/models/NAME', v2: '/v2/models/NAME' } as const;

/**
 * Refuses paths of other models and versions than the one that is served, and makes the path of this one `MODEL_ROUTE`, whatever
 * characters its name has.
 */
export function matchModel(name: string, state: ServingState): Middleware {
  return (ctx, next) => {
    const match = MODEL_IN_PATH.exec(ctx.path);
    if (!match) return next();
    const [, protocol = '', model = '', version, rest = ''] = match;
    if (decoded(model) !== name) {
      throw unknownModel(`there is no model "${decoded(model).slice(0, 200)}"; this server has "${name}"`);
    }
    const generation = version === undefined ? undefined : state.requireModel().generation;
    if (version !== generation) {
      throw unknownModel(`there is no version "${version?.slice(0, 200)}"; this server has "${generation}"`);
    }
    ctx.path = MODEL_ROUTE[protocol as 'v1' | 'v2'] + rest;
    return next();
  };
}

function unknownModel(message: string): RequestError {
  return new RequestError('UnknownModel', message);
}

/** `GET /v1/models` */
export function listModels(name: string): Middleware {
  return (ctx) => {
    ctx.body = { models: [name] };
  };
}

/** `GET /v1/models/NAME`: what KServe's and what TensorFlow Serving's clients look for. */
export function modelStatus(name: string, state: ServingState): Middleware {
  return (ctx) => {
    const { generation } = state.requireModel();
    const status = { error_code: 'OK', error_message: '' };
    ctx.body = { name, ready: true, model_version_status: [{ version: generation, state: 'AVAILABLE', status }] };
  };
}

/** `GET /v1/models/NAME/metadata`: inputs and outputs as in the Open Inference Protocol (-1: free), how answers look, and the same as TensorFlow Serving has it. */
export function modelMetadata(name: string, state: ServingState): Middleware {
  return (ctx) => {
    const { generation, signature } = state.requireModel();
    const { inputs, outputs, presentation } = signature;
    ctx.body = {
      name,
      versions: [generation],
      platform: 'onnx_onnxv1',
      inputs: inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape ?? null })),
      outputs: outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape ?? null })),
      task: presentation.task,
      labels: labelsOf(presentation),
      ...servingMetadata({ name, version: generation }, signature),
    };
  };
}

/** Class names as they are keys of `probabilities`, one list for each target; undefined for what is no classifier. */
function labelsOf(presentation: Presentation): string[][] | undefined {
  if (presentation.task !== 'classification') return undefined;
  return presentation.targets.map(({ labels }) => (labels ?? []).map(String));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
