import type { Middleware } from 'koa';
import { RequestError } from '../errors.ts';
import type { Presentation } from '../onnx/signature.ts';
import type { ServingState } from '../serving-state.ts';
import { requireModel } from './predict.ts';

/** The model's name in a path of the V1 or V2 protocol, and the version where there is one; a verb such as `:predict` may follow. */
const MODEL_IN_PATH = /^\/v[12]\/models\/([^/:]+)(?:\/versions\/([^/:]+))?/;

/** Refuses paths of other models and versions than the one that is served, before any route looks at them. */
export function requireKnownModel(name: string, state: ServingState): Middleware {
  return (ctx, next) => {
    const [, model, version] = MODEL_IN_PATH.exec(ctx.path) ?? [];
    if (model !== undefined && decoded(model) !== name) {
      throw new RequestError(
        'UnknownModel',
        `there is no model "${decoded(model).slice(0, 200)}"; this server has "${name}"`,
      );
    }
    if (version !== undefined && version !== requireModel(state).generation) {
      throw new RequestError(
        'UnknownModel',
        `there is no version "${version.slice(0, 200)}"; this server has "${state.model?.generation}"`,
      );
    }
    return next();
  };
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
    const { generation } = requireModel(state);
    const status = { error_code: 'OK', error_message: '' };
    ctx.body = { name, ready: true, model_version_status: [{ version: generation, state: 'AVAILABLE', status }] };
  };
}

/** `GET /v1/models/NAME/metadata`: inputs and outputs as in the Open Inference Protocol (-1: free), and how answers look. */
export function modelMetadata(name: string, state: ServingState): Middleware {
  return (ctx) => {
    const { generation, signature } = requireModel(state);
    const { inputs, outputs, presentation } = signature;
    ctx.body = {
      name,
      versions: [generation],
      platform: 'onnx_onnxv1',
      inputs: inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape ?? null })),
      outputs: outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape ?? null })),
      task: presentation.task,
      labels: labelsOf(presentation),
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
