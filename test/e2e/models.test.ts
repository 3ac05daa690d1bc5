import { expect } from 'chai';
import { waitUntilReady } from '../../dev/wait-until-ready.ts';
import { expectGolden, goldenAnswers } from '../support/golden-answers.ts';
import { sampleModels, type SampleModel } from '../support/models.ts';
import { ClientPod } from './client-pod.ts';
import { installation, TestNamespace, uploadModel } from './installation.ts';

/** Pods at a time: what a node of two cores starts within the time that one is waited for. */
const BATCH = 6;
/** Small, so that a batch fits beside whatever else the node runs. */
const RESOURCES = { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '512Mi' } };

describe('every sample model, served by a pod', () => {
  const namespace = new TestNamespace();
  const client = new ClientPod(namespace);
  before(async () => {
    await namespace.create();
    await client.start();
  });
  after(() => namespace.delete());

  for (const batch of batchesOf(sampleModels(), BATCH)) {
    describe(batch.map(({ name }) => name).join(', '), () => {
      before(async () => {
        for (const model of batch) {
          const { path } = await uploadModel(model, `models/${model.name}`);
          await namespace.applyModel(model.name, { model: { path }, resources: RESOURCES });
        }
      });
      after(() => namespace.kubectl('delete', 'modeldeployments', '--all', '--cascade=foreground', '--timeout=90s'));

      for (const model of batch) {
        it(`${model.name} answers as ${model.framework} does`, async () => {
          const { status } = await waitUntilReady(installation().kubectl, {
            namespace: namespace.name,
            name: model.name,
          });
          const answer = await client.post(`${status?.endpoint}/predict`, { instances: model.rows });
          expect(answer.status, JSON.stringify(answer.body)).to.equal(200);
          const { predictions } = answer.body as { predictions: unknown };
          expectGolden(predictions, goldenAnswers(model), model.tolerance);
        });
      }
    });
  }
});

function batchesOf(models: readonly SampleModel[], size: number): SampleModel[][] {
  return Array.from({ length: Math.ceil(models.length / size) }, (_, batch) =>
    models.slice(batch * size, (batch + 1) * size),
  );
}
