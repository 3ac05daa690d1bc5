import { Router } from '@koa/router';
import Koa from 'koa';
import { PROBES } from './contract.ts';
import type { Answerers, AppDependencies } from './doors.ts';
import { compressResponses } from './http/compress-responses.ts';
import { docsAsset, docsExample, docsModel, openApi } from './http/docs.ts';
import { answerInKoa } from './http/koa-exchange.ts';
import { listModels, matchModel, MODEL_ROUTE, modelMetadata, modelStatus } from './http/models.ts';
import { observeRequests } from './http/observe-requests.ts';
import { renderErrors } from './http/render-errors.ts';
import { responseHeaders } from './http/response-headers.ts';
import {
  describeModel,
  describeServer,
  indexRepository,
  modelReadiness,
  serverLiveness,
  serverReadiness,
} from './http/v2-models.ts';
import { vertexRoutes } from './http/vertex-routes.ts';

/** The data plane and health over HTTP: the order of middlewares and the table of routes. */
export function createApp(
  { modelName, state, observe, log, limits, vertex }: AppDependencies,
  { v1, v2, live, ready }: Answerers,
): Koa {
  const app = new Koa();
  // What reaches this is a connection that broke while an answer was being written; everything else is rendered.
  app.on('error', (err: unknown) => log.debug({ err }, 'answer not delivered'));
  app.use(observeRequests(observe, state));
  app.use(responseHeaders(state));
  app.use(compressResponses());
  app.use(renderErrors(log));

  const router = new Router();
  const predict = answerInKoa(v1);
  router.get(PROBES.live, answerInKoa(live));
  router.get(PROBES.ready, answerInKoa(ready));
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
