import { RequestError } from '../errors.ts';
import { inferV2 } from '../infer-v2.ts';
import { modelMetadata, serverMetadata } from '../protocol/v2/metadata.ts';
import { decodeInferRequest } from '../protocol/v2-grpc/decode-request.ts';
import { encodeFlag, encodeModelMetadata, encodeServerMetadata } from '../protocol/v2-grpc/encode-messages.ts';
import { encodeInferResponse } from '../protocol/v2-grpc/encode-response.ts';
import { decodeEmptyMessage, decodeInferMessage, decodeNameMessage } from '../protocol/v2-grpc/infer-message.ts';
import type { ServedModel, ServingState } from '../serving-state.ts';
import { StageClock } from '../stage-clock.ts';
import { VERSION } from '../version.ts';
import type { AnswerMessage } from './unary.ts';

/** `inference.GRPCInferenceService` of the Open Inference Protocol. */
export const INFERENCE_SERVICE = 'inference.GRPCInferenceService';

/** The methods of the Open Inference Protocol by name, over the data plane that all protocols share. */
export function inferenceMethods(modelName: string, state: ServingState): Readonly<Record<string, AnswerMessage>> {
  const requireModel = (name: string, version: string): ServedModel => {
    if (name !== modelName) throw unknown(`there is no model "${name.slice(0, 200)}"; this server has "${modelName}"`);
    const model = state.requireModel();
    if (version === '' || version === model.generation) return model;
    throw unknown(`there is no version "${version.slice(0, 200)}"; this server has "${model.generation}"`);
  };
  return {
    ServerLive(message) {
      decodeEmptyMessage(message, 'ServerLiveRequest');
      return encodeFlag(state.isAlive);
    },
    ServerReady(message) {
      decodeEmptyMessage(message, 'ServerReadyRequest');
      return encodeFlag(state.isReady && state.isAlive);
    },
    ModelReady(message) {
      const { name, version } = decodeNameMessage(message, 'ModelReadyRequest');
      // The name is right or wrong at any time, the version only once there is one.
      if (state.model || name !== modelName) requireModel(name, version);
      return encodeFlag(state.isReady && state.isAlive);
    },
    ServerMetadata(message) {
      decodeEmptyMessage(message, 'ServerMetadataRequest');
      return encodeServerMetadata(serverMetadata(VERSION));
    },
    ModelMetadata(message) {
      const { name, version } = decodeNameMessage(message, 'ModelMetadataRequest');
      const { generation, signature } = requireModel(name, version);
      return encodeModelMetadata(modelMetadata({ name, version: generation, signature }));
    },
    async ModelInfer(bytes, limits) {
      const clock = new StageClock(limits.stages);
      const refusal = state.model?.predictor.refusal();
      if (refusal) throw refusal;
      const message = decodeInferMessage(bytes);
      const model = requireModel(message.modelName, message.modelVersion);
      const request = decodeInferRequest(message, model.signature);
      clock.end('decodeMs');
      const answer = await inferV2(model, request, limits);
      clock.skip();
      const { id, isRaw } = request;
      const encoded = encodeInferResponse({ modelName, modelVersion: model.generation, id, ...answer }, isRaw);
      clock.end('encodeMs');
      return encoded;
    },
  };
}

function unknown(message: string): RequestError {
  return new RequestError('UnknownModel', message);
}
