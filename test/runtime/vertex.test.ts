import { expect } from 'chai';
import { readConfig } from '../../runtime/config.ts';
import { ModelFailure } from '../../runtime/errors.ts';
import { PREDICTION, serveApp } from '../support/http-app.ts';
import { thrownBy } from '../support/thrown.ts';

const HEALTH = '/v1/endpoints/7/deployedModels/9';
const PREDICT = '/v1/endpoints/7/deployedModels/9:predict';
const ENVIRONMENT = {
  AIP_HTTP_PORT: '8085',
  AIP_HEALTH_ROUTE: HEALTH,
  AIP_PREDICT_ROUTE: PREDICT,
  AIP_STORAGE_URI: 'gs://managed/7/iris',
  AIP_MODE: 'PREDICTION',
};

describe('Vertex AI', () => {
  it('sets the model, the port and the routes', () => {
    const { model, http } = readConfig(ENVIRONMENT);
    expect(model.path).to.deep.equal({ kind: 'gcs-prefix', bucket: 'managed', prefix: '7/iris/' });
    expect([model.name, http.port]).to.deep.equal(['iris', 8085]);
    expect(http.vertex).to.deep.equal({ health: HEALTH, predict: PREDICT });
  });

  it('comes after settings of our own', () => {
    const { model, http } = readConfig({ ...ENVIRONMENT, MODEL_PATH: 'gs://models/other.onnx', HTTP_PORT: '9000' });
    expect([model.path.kind, model.name, http.port]).to.deep.equal(['gcs', 'other', 9000]);
  });

  it('may leave variables empty', () => {
    const empty = { AIP_STORAGE_URI: '', AIP_HTTP_PORT: '', AIP_HEALTH_ROUTE: '', AIP_PREDICT_ROUTE: '' };
    const { http } = readConfig({ ...empty, MODEL_PATH: 'gs://models/m.onnx' });
    expect([http.port, http.vertex]).to.deep.equal([8080, { health: undefined, predict: undefined }]);
  });

  for (const [variable, value] of [
    ['AIP_HTTP_PORT', 'http'],
    ['AIP_HEALTH_ROUTE', 'health'],
    ['AIP_PREDICT_ROUTE', '/predict?x=1'],
  ] as const) {
    it(`is told of a wrong ${variable}`, () => {
      const error = thrownBy(ModelFailure, () => readConfig({ ...ENVIRONMENT, [variable]: value }));
      expect(error.message).to.include(`${variable} is "${value}"`);
    });
  }

  for (const [health, predict] of [
    [HEALTH, PREDICT],
    ['/ping', '/invocations'],
    ['/same', '/same'],
    ['/', '/'],
  ] as const) {
    it(`is answered at GET ${health} and POST ${predict}`, async () => {
      await using app = await serveApp({ dependencies: { vertex: { health, predict } } });
      expect((await app.fetch(health)).status).to.equal(200);
      const ask = { instances: [[1, 2, 3, 4]], parameters: { topK: 1 } };
      const headers = { 'content-type': 'application/json' };
      const response = await app.fetch(predict, { method: 'POST', body: JSON.stringify(ask), headers });
      const first = { ...PREDICTION, probabilities: { '0': 0.9 } };
      expect([response.status, await response.json()]).to.deep.equal([200, { predictions: [first] }]);
      expect((await app.fetch(predict, { method: 'PUT' })).status).to.be.oneOf([404, 405]);
      expect((await app.fetch('/readyz')).status).to.equal(200);
    });
  }

  it('finds nothing at paths that only look alike', async () => {
    await using app = await serveApp({ dependencies: { vertex: { health: HEALTH, predict: PREDICT } } });
    for (const path of [`${HEALTH}/`, `${HEALTH}0`, HEALTH.toUpperCase()]) {
      expect((await app.fetch(path)).status).to.equal(404);
    }
  });
});
