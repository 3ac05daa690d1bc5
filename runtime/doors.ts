import type { IncomingMessage, ServerResponse } from 'node:http';
import { PROBES } from './contract.ts';
import type { Answerer } from './http/answer.ts';
import { DirectDoor, type DirectRoute } from './http/direct/direct-door.ts';
import { liveness, readiness } from './http/health.ts';
import { MODEL_ROUTE } from './http/models.ts';
import { predictV1, type PredictLimits } from './http/predict.ts';
import type { HttpDoors } from './http/server.ts';
import { infer } from './http/v2-infer.ts';
import type { VertexRoutes } from './http/vertex-routes.ts';
import type { Logger } from './log.ts';
import type { RequestObserver } from './request-record.ts';
import type { ServingState } from './serving-state.ts';

export interface AppDependencies {
  /** Of the model, in URLs. */
  readonly modelName: string;
  readonly state: ServingState;
  /** Told of every request once it is over. */
  readonly observe: RequestObserver;
  readonly log: Logger;
  readonly limits: PredictLimits;
  /** Default: none. */
  readonly vertex?: VertexRoutes;
}

/** What both doors answer with: predictions of the V1 and the V2 protocol, whose limits they share, and health. */
export interface Answerers {
  readonly v1: Answerer;
  readonly v2: Answerer;
  readonly live: Answerer;
  readonly ready: Answerer;
}

/**
 * What a server answers with: predictions and health checks on plain connections directly, everything else by Koa, which is loaded by the first request that
 * needs it: many a pod never gets one, and no start waits for it.
 */
export function createDoors(dependencies: AppDependencies): HttpDoors {
  const { modelName, state, limits } = dependencies;
  const answerers = {
    v1: predictV1(state, limits),
    v2: infer(modelName, state, limits),
    live: liveness(state),
    ready: readiness(state),
  };
  let koa: Promise<(request: IncomingMessage, response: ServerResponse) => unknown> | undefined;
  return {
    listener(request, response) {
      koa ??= import('./app.ts').then(({ createApp }) => createApp(dependencies, answerers).callback());
      void koa.then((handle) => handle(request, response));
    },
    direct: new DirectDoor({ ...dependencies, routes: directRoutes(dependencies, answerers) }),
  };
}

function directRoutes(
  { modelName, vertex }: AppDependencies,
  { v1, v2, live, ready }: Answerers,
): Map<string, DirectRoute> {
  const name = encodeURIComponent(modelName);
  const predict: DirectRoute = { pattern: '/predict', answerTo: v1 };
  const routes = new Map<string, DirectRoute>([
    [`GET ${PROBES.live}`, { pattern: PROBES.live, answerTo: live }],
    [`GET ${PROBES.ready}`, { pattern: PROBES.ready, answerTo: ready }],
    ['POST /predict', predict],
    [`POST /v1/models/${name}:predict`, { pattern: `${MODEL_ROUTE.v1}:predict`, answerTo: v1 }],
    [`POST /v2/models/${name}/infer`, { pattern: `${MODEL_ROUTE.v2}/infer`, answerTo: v2 }],
  ]);
  if (vertex?.predict !== undefined) routes.set(`POST ${vertex.predict}`, predict);
  return routes;
}
