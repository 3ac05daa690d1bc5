import { Router } from '@koa/router';
import Koa from 'koa';
import type { Answerer } from './http/answer.ts';
import { PROBES } from './contract.ts';
import { compressResponses } from './http/compress-responses.ts';
import { docsAsset, docsExample, docsModel, openApi } from './http/docs.ts';
import { DirectDoor, type DirectRoute } from './http/direct/direct-door.ts';
import { liveness, readiness } from './http/health.ts';
import { answerInKoa } from './http/koa-exchange.ts';
import { listModels, matchModel, MODEL_ROUTE, modelMetadata, modelStatus } from './http/models.ts';
import { observeRequests } from './http/observe-requests.ts';
import { predictV1, type PredictLimits } from './http/predict.ts';
import { renderErrors } from './http/render-errors.ts';
import { responseHeaders } from './http/response-headers.ts';
import type { HttpDoors } from './http/server.ts';
import { infer } from './http/v2-infer.ts';
import {
  describeModel,
  describeServer,
  indexRepository,
  modelReadiness,
  serverLiveness,
  serverReadiness,
} from './http/v2-models.ts';
import { vertexRoutes, type VertexRoutes } from './http/vertex-routes.ts';
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

/** The predictions of the V1 and the V2 protocol; both doors share them, and so their limits. */
interface Predictions {
  readonly v1: Answerer;
  readonly v2: Answerer;
}

/** What a server answers with: predictions on plain connections directly, everything else by Koa. */
export function createDoors(dependencies: AppDependencies): HttpDoors {
  const { modelName, state, limits } = dependencies;
  const predictions = { v1: predictV1(state, limits), v2: infer(modelName, state, limits) };
  const handle = createApp(dependencies, predictions).callback();
  return {
    listener: (request, response) => void handle(request, response),
    direct: new DirectDoor({ ...dependencies, routes: directRoutes(dependencies, predictions) }),
  };
}

function directRoutes({ modelName, vertex }: AppDependencies, { v1, v2 }: Predictions): Map<string, DirectRoute> {
  const name = encodeURIComponent(modelName);
  const predict: DirectRoute = { pattern: '/predict', answerTo: v1 };
  const routes = new Map<string, DirectRoute>([
    ['/predict', predict],
    [`/v1/models/${name}:predict`, { pattern: `${MODEL_ROUTE.v1}:predict`, answerTo: v1 }],
    [`/v2/models/${name}/infer`, { pattern: `${MODEL_ROUTE.v2}/infer`, answerTo: v2 }],
  ]);
  if (vertex?.predict !== undefined) routes.set(vertex.predict, predict);
  return routes;
}

/** The data plane and health over HTTP: the order of middlewares and the table of routes. */
function createApp({ modelName, state, observe, log, limits, vertex }: AppDependencies, { v1, v2 }: Predictions): Koa {
  const app = new Koa();
  // What reaches this is a connection that broke while an answer was being written; everything else is rendered.
  app.on('error', (err: unknown) => log.debug({ err }, 'answer not delivered'));
  app.use(observeRequests(observe, state));
  app.use(responseHeaders(state));
  app.use(compressResponses());
  app.use(renderErrors(log));

  const router = new Router();
  const predict = answerInKoa(v1);
  router.get(PROBES.live, liveness(state));
  router.get(PROBES.ready, readiness(state));
  router.post('/predict', predict);
  router.get('/v1/models', listModels(modelName));
  router.get(MODEL_ROUTE.v1, modelStatus(modelName, state));
  router.get(`${MODEL_ROUTE.v1}/metadata`, modelMetadata(modelName, state));
  router.post(String.raw`${MODEL_ROUTE.v1}\:predict`, predict);
  router.post(`${MODEL_ROUTE.v2}/infer`, answerInKoa(v2));
  addV2Routes(router, { modelName, state, limits });
  addDocsRoutes(router, { modelName, state });

  if (vertex) app.use(vertexRoutes(vertex));
  app.use(matchModel(modelName, state));
  app.use(router.routes());
  app.use(router.allowedMethods());
  return app;
}

/** The Open Inference Protocol. */
function addV2Routes(
  router: Router,
  { modelName, state, limits }: Pick<AppDependencies, 'modelName' | 'state' | 'limits'>,
): void {
  router.get('/v2', describeServer());
  router.get('/v2/health/live', serverLiveness(state));
  router.get('/v2/health/ready', serverReadiness(state));
  router.get('/v2/models', listModels(modelName));
  router.get(MODEL_ROUTE.v2, describeModel(modelName, state));
  router.get(`${MODEL_ROUTE.v2}/ready`, modelReadiness(modelName, state));
  router.post('/v2/repository/index', indexRepository(modelName, state, limits));
}

/** The model for people, and for programs that write clients. */
function addDocsRoutes(router: Router, { modelName, state }: Pick<AppDependencies, 'modelName' | 'state'>): void {
  router.get('/openapi.json', openApi(modelName, state));
  router.get('/docs', docsAsset('page.html'));
  router.get('/docs/page.css', docsAsset('page.css'));
  router.get('/docs/page.js', docsAsset('page.js'));
  router.get('/docs/model.json', docsModel(modelName, state));
  router.get('/docs/example.json', docsExample(state));
}
