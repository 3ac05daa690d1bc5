/**
 * `node dev/demo.ts`: a cluster, the operator, a model in an emulated bucket, one ModelDeployment, a prediction that is
 * compared with the library that trained the model. The cluster stays up; `node dev/demo.ts down` removes everything.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Cluster } from './cluster/cluster.ts';
import { openCluster } from './cluster/open.ts';
import { comparePredictions, readPredictions } from './demo-prediction.ts';
import type { Installation } from './installation.ts';
import { install, uninstall } from './installation.ts';
import type { Kubectl } from './kubectl.ts';
import { step } from './progress.ts';
import { readSampleClassifier, readSampleFile } from './sample-models.ts';
import { waitUntilReady } from './wait-until-ready.ts';

const SAMPLE = join(import.meta.dirname, '..', 'config', 'samples', 'iris.yaml');
const SHOWN_ROWS = 3;

async function demo(cluster: Cluster): Promise<void> {
  const startedAt = performance.now();
  const installation = await install(cluster);
  const { kubectl } = installation;
  const sample = await readSampleClassifier('iris-lr-strings');
  const generation = await uploadModel(installation, sample.file);
  await step('kubectl apply -f config/samples/iris.yaml', async () => kubectl.apply(await readFile(SAMPLE, 'utf8')));
  await step('Waiting until the model is Ready', (setDetail) =>
    waitUntilReady(kubectl, { namespace: 'default', name: 'iris', modelGeneration: generation, setDetail }),
  );
  console.log(`\n$ kubectl get modeldeployments\n${await kubectl.run(['get', 'modeldeployments', '-n', 'default'])}`);
  const body = JSON.stringify({ instances: sample.rows.slice(0, SHOWN_ROWS) });
  const predictions = await predict(kubectl, body);
  console.log(comparePredictions(sample, predictions));
  console.log(
    `\nThe demo took ${((performance.now() - startedAt) / 1_000).toFixed(0)} s.\n\n${nextCommands(cluster, kubectl, body)}`,
  );
}

async function uploadModel(installation: Installation, file: string): Promise<string> {
  return step('Uploading the model to gs://models/iris/model.onnx', () =>
    installation.withEmulator(async (emulator) => {
      await emulator.createBucket('models');
      return emulator.upload('models', 'iris/model.onnx', await readSampleFile(file));
    }),
  );
}

async function predict(kubectl: Kubectl, body: string) {
  await using forward = await kubectl.portForward('default', 'service/iris', 80);
  console.log(`$ curl --json '${body}' http://iris.default.svc.cluster.local/predict`);
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${forward.url}/predict`, { method: 'POST', headers, body });
  const text = await response.text();
  console.log(`${text}\n`);
  if (!response.ok) throw new Error(`the prediction was answered with ${response.status}`);
  return readPredictions(text);
}

function nextCommands(cluster: Cluster, kubectl: Kubectl, body: string): string {
  const path = kubectl.path.includes('/') ? ` PATH=${dirname(kubectl.path)}:$PATH` : '';
  return [
    'It runs on. What to type next:',
    ...(cluster.kubeconfig === undefined ? [] : [`  export KUBECONFIG=${cluster.kubeconfig}${path}`]),
    '  kubectl describe modeldeployment iris',
    `  kubectl port-forward service/iris 8080:80 & sleep 2; curl --json '${body}' localhost:8080/predict`,
    '  kubectl scale modeldeployment iris --replicas=2 && kubectl get modeldeployments --watch',
    'and `make demo-down` to remove everything.',
  ].join('\n');
}

async function demoDown(cluster: Cluster): Promise<void> {
  await step(`Removing the demo from ${cluster.description}`, async (setDetail) => {
    if (cluster.isOurs) return cluster.down();
    const kubectl = await cluster.up(setDetail);
    await uninstall(kubectl, SAMPLE);
  });
}

async function main(command: string | undefined): Promise<void> {
  const cluster = await openCluster({ name: process.env['CLUSTER_NAME'] || 'demo' });
  if (command === 'down') return demoDown(cluster);
  const wasUp = await cluster.isUp();
  let isInterrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      isInterrupted = true;
      console.log(wasUp ? 'interrupted; the cluster stays as it is' : 'interrupted; taking the cluster down');
      void (wasUp ? Promise.resolve() : cluster.down()).finally(() => process.exit(130));
    });
  }
  await demo(cluster).catch((error: unknown) => {
    if (!isInterrupted) throw error; // what was under way was interrupted too
  });
}

await main(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
