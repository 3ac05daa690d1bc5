import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments, parse, stringify } from 'yaml';
import { runCommandLine } from '../../../cli/run-command-line.ts';
import { convertObject } from '../../../cli/convert/convert.ts';
import { KSERVE, SELDON, VERTEX } from '../../cli/convert/cases.ts';
import { freshBucket, sharedStorageEmulator } from '../../support/bucket.ts';
import { conditionOf } from '../../support/cluster-objects.ts';
import { soon, startOperatorBed, type OperatorBed } from '../../support/operator-bed.ts';
import { NodeProcess, type Exit } from '../../support/runtime-process.ts';
import { recordedTerminal } from '../../support/terminal.ts';
import type { PodFate } from '../../support/stand-in-kubelet.ts';

const INSTANCE = 'app.kubernetes.io/instance';
const ended = (reason: string, message: string): PodFate => ({
  terminated: { message: JSON.stringify({ reason, message }) },
});

/** Every command against the real API server, the real operator, and pods in states that a stand-in kubelet reports. */
describe('the command line against a real API server', function () {
  this.timeout(240_000);
  let bed: OperatorBed;
  let temporary: string;
  const fates: Record<string, PodFate> = {};

  before(async () => {
    bed = await startOperatorBed();
    bed.kubelet.fateOf = (pod) => fates[pod.metadata.labels[INSTANCE]] ?? 'ready';
    temporary = await mkdtemp(join(tmpdir(), 'cli-'));
  });
  after(async () => {
    await rm(temporary, { recursive: true });
    await bed.stop();
  });

  async function cli(...args: readonly string[]): Promise<Exit> {
    const { terminal, out, error } = recordedTerminal();
    // The last flag of a name counts.
    const all = [args[0] ?? '', '--kubeconfig', bed.controlPlane.kubeconfig, '-n', bed.namespace, ...args.slice(1)];
    const code = await runCommandLine(all, { terminal, calledAs: 'modeldeployment' });
    return { code, stdout: out(), stderr: error() };
  }
  const path = (name: string): string => bed.bucket.path(`${name}/model.onnx`);
  const upload = (name: string, content = 'a model'): Promise<string> =>
    bed.bucket.upload(`${name}/model.onnx`, content);
  const json = async (...args: readonly string[]) => {
    const { code, stdout } = await cli(...args, '-o', 'json');
    return { code, value: JSON.parse(stdout) };
  };

  it('deploys, tells each step once, and again changes nothing', async () => {
    const generation = await upload('iris');
    const first = await cli('deploy', path('iris'), '--replicas', '2');
    expect(first.code, first.stderr).to.equal(0);
    expect(first.stderr).to.match(/^modeldeployment iris created in namespace /);
    expect(first.stderr.match(/The model was found: generation \d+ \(7 B\)\./g)).to.have.length(1);
    expect(first.stdout).to.include(`iris is ready at http://iris.${bed.namespace}.svc.cluster.local`);
    const { spec, status } = await bed.objects.get('modelDeployment', 'iris');
    expect([spec.replicas, status.model.generation]).to.deep.equal([2, generation]);
    const again = await cli('deploy', path('iris'), '--replicas', '2');
    expect(again.code, again.stderr).to.equal(0);
    expect(again.stderr).to.match(/^modeldeployment iris unchanged/);
    expect((await cli('diff', 'iris')).stdout).to.equal('iris serves what its spec asks for.\n');
  });

  it('deploys a file, from standard output of --dry-run too', async () => {
    await upload('filed');
    const { stdout } = await cli('deploy', path('filed'), '--dry-run');
    const file = join(temporary, 'filed.yaml');
    await writeFile(file, stdout);
    expect((await cli('deploy', file, '--no-wait')).code).to.equal(0);
    expect((await bed.objects.get('modelDeployment', 'filed')).spec.model.path).to.equal(path('filed'));
  });

  it('says what the API server refuses, field by field', async () => {
    const file = join(temporary, 'wrong.yaml');
    const object = { apiVersion: 'modeldeployment.dev/v1alpha1', kind: 'ModelDeployment', metadata: { name: 'wrong' } };
    await writeFile(file, stringify({ ...object, spec: { model: { path: 's3://x/y' }, replicas: 5000 } }));
    const { code, stderr } = await cli('deploy', file);
    expect(code).to.equal(1);
    expect(stderr).to.match(/^error: the object is refused:\n {2}spec\.replicas: /);
    await writeFile(file, stringify({ ...object, spec: { model: { path: 's3://x/y' } } }));
    expect((await cli('deploy', file)).stderr).to.match(
      /^error: the object is refused:\n {2}spec\.model\.path: must start with gs:\/\/ /,
    );
    await writeFile(file, stringify({ ...object, spec: { model: { path: 'gs://models/y', pth: 'x' } } }));
    expect((await cli('deploy', file)).stderr).to.match(/pth/);
  });

  it('names who else has set a field, and takes it over when told to', async () => {
    await upload('shared');
    await bed.objects.createModelDeployment('shared', { model: { path: path('shared') }, replicas: 3 });
    const refused = await cli('deploy', path('shared'), '--replicas', '1', '--no-wait');
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.include('.spec.replicas').and.include('--force-conflicts');
    const forced = await cli('deploy', path('shared'), '--replicas', '1', '--no-wait', '--force-conflicts');
    expect(forced.code, forced.stderr).to.equal(0);
    expect((await bed.objects.get('modelDeployment', 'shared')).spec.replicas).to.equal(1);
  });

  it('ends with 4 when time is up, and with 3, the cause and the next command when a person must act', async () => {
    fates['slow'] = 'pending';
    await upload('slow');
    const slow = await cli('deploy', path('slow'), '--timeout', '2s');
    expect(slow.code, slow.stderr).to.equal(4);
    expect(slow.stderr).to.include('slow is not ready yet: RolloutInProgress');
    const missing = await cli('deploy', path('missing'));
    expect(missing.code, missing.stderr).to.equal(3);
    expect(missing.stderr)
      .to.include('missing needs you: ModelNotFound')
      .and.include(`gcloud storage ls --all-versions ${path('missing')}`);
    await upload('missing');
    const found = await cli('deploy', path('missing'));
    expect(found.code, found.stderr).to.equal(0);
  });

  for (const [reason, fate] of [
    ['ModelInvalid', ended('ModelInvalid', 'The file is a pickle.')],
    ['ExternalDataMissing', ended('ExternalDataMissing', 'Upload model.onnx.data.')],
    ['OutOfMemory', { terminated: { exitCode: 137, reason: 'OOMKilled' } }],
    ['CrashLooping', { terminated: { exitCode: 139 } }],
  ] as const) {
    it(`explains ${reason}`, async () => {
      const name = reason.toLowerCase();
      fates[name] = fate;
      await upload(name);
      await cli('deploy', path(name), '--no-wait');
      await soon(async () => {
        const { code, value } = await json('why', name);
        expect({ code, ...value }).to.include({ code: 3, standing: 'stuck', reason, cause: reason });
        expect(value.evidence.map(({ source }: { source: string }) => source)).to.include('conditions');
        expect(value.next[0]).to.match(/^(kubectl|gcloud) /);
      });
    });
  }

  it('explains a refused generation by what its pods said, and goes back to the one before', async () => {
    const bucket = await freshBucket(await sharedStorageEmulator(), { versioned: true });
    const first = await bucket.upload('refused/model.onnx', 'one');
    expect((await cli('deploy', bucket.path('refused/model.onnx'))).code).to.equal(0);
    const old = new Set((await bed.objects.list('pod', `${INSTANCE}=refused`)).map(({ metadata }) => metadata.name));
    const words = ended('ModelInvalid', 'The file is a pickle.');
    bed.kubelet.fateOf = (pod) => {
      const name = pod.metadata.labels[INSTANCE];
      const generation = pod.metadata.annotations['modeldeployment.dev/model-generation'];
      if (name === 'refused') return old.has(pod.metadata.name) || generation === first ? 'ready' : words;
      return fates[name] ?? 'ready';
    };
    const second = await bucket.upload('refused/model.onnx', 'two');
    await soon(async () => {
      const { value } = await json('why', 'refused');
      expect(value).to.include({ reason: 'ModelRejected', cause: 'ModelInvalid' });
      expect(value.message).to.include(second);
    });
    const { code, stderr } = await cli('rollback', 'refused');
    expect(code, stderr).to.equal(0);
    expect(stderr).to.include(`pinned to model generation ${first}`);
    const object = await bed.objects.get('modelDeployment', 'refused');
    expect(object.spec.model.generation).to.equal(first);
    expect(conditionOf(object, 'Ready')).to.match(/^True Ready/);
  });

  it('shows fields that somebody has changed', async () => {
    await bed.operator.stop();
    const change = { op: 'replace', path: '/spec/template/spec/containers/0/terminationMessagePolicy', value: 'File' };
    await bed.objects.jsonPatch('deployment', 'iris', [change]);
    const { code, value } = await json('diff', 'iris');
    await bed.restartOperator();
    expect(code).to.equal(3);
    expect(value).to.deep.include({
      field: 'Deployment spec.template.spec.containers[runtime].terminationMessagePolicy',
      wanted: 'FallbackToLogsOnError',
      actual: 'File',
    });
  });

  it('lists all with their reasons, and one by name', async () => {
    const { stdout } = await cli('status');
    expect(stdout)
      .to.match(/^NAME +READY +REASON +REPLICAS +GENERATION +MODEL +AGE$/m)
      .and.match(/^modelinvalid: The file is a pickle\.$/m);
    const { value } = await json('status', 'modelinvalid');
    expect(value).to.have.length(1);
    expect(value[0]).to.include({ name: 'modelinvalid', ready: 'False', stalled: true, reason: 'ModelInvalid' });
    expect((await cli('status', 'nope')).stderr).to.match(
      /there is no ModelDeployment nope in namespace .*; it has crashlooping, /,
    );
  });

  it('says what a user without rights may not', async () => {
    const kubeconfig = await bed.controlPlane.addUser({ name: 'nobody' });
    const status = await cli('status', '--kubeconfig', kubeconfig);
    expect(status.code).to.equal(1);
    expect(status.stderr).to.match(/^error: you may not list modeldeployments in namespace /);
    const doctor = await cli('doctor', '--kubeconfig', kubeconfig, '-o', 'json');
    expect(doctor.code).to.equal(3);
    const { checks } = JSON.parse(doctor.stdout);
    const permissions = checks.find(({ name }: { name: string }) => name === 'permissions');
    expect(permissions.result).to.equal('failed');
    expect(permissions.text).to.include('list pods (why, logs, diff)').and.include('create services/proxy (predict)');
  });

  it('says that nobody answers, and what the kubeconfig lacks', async () => {
    const file = join(temporary, 'down.kubeconfig');
    const cluster = { name: 'c', cluster: { server: 'https://127.0.0.1:9' } };
    const contexts = [{ name: 'c', context: { cluster: 'c', user: 'u' } }];
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [cluster],
      contexts,
      users: [{ name: 'u', user: {} }],
    };
    await writeFile(file, stringify({ ...config, 'current-context': 'c' }));
    const { code, stderr } = await cli('status', '--kubeconfig', file);
    expect([code, stderr]).to.deep.equal([
      1,
      'error: the API server https://127.0.0.1:9 does not answer (ECONNREFUSED)\n  next: kubectl cluster-info\n',
    ]);
    expect((await cli('status', '--kubeconfig', file, '--context', 'x')).stderr).to.include(
      'has no context "x"; it has: c',
    );
    expect((await cli('status', '--kubeconfig', join(temporary, 'none'))).stderr).to.match(/cannot be read: ENOENT/);
  });

  it('completes names', async () => {
    const env = { KUBECONFIG: bed.controlPlane.kubeconfig };
    await using process = new NodeProcess(['cli/main.ts', '__complete', 'why', '-n', bed.namespace, 'ir'], env);
    expect((await process.exit()).stdout).to.equal('iris\n');
  });

  it('converts only to what the API server takes', async () => {
    for (const { name, source, result } of [...KSERVE, ...SELDON, ...VERTEX]) {
      if (!result) continue;
      const { yaml } = convertObject(parse(source));
      const object = parseAllDocuments(yaml!)[0]!.toJS();
      delete object.metadata.namespace;
      object.metadata.name = 'converted';
      const args = ['-n', bed.namespace, 'apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'];
      const applied = await bed.controlPlane.kubectl(args, { input: stringify(object) }).catch(String);
      expect(applied, name).to.match(/serverside-applied/);
    }
  });

  it('says why nobody answers a prediction', async () => {
    const file = join(temporary, 'row.json');
    await writeFile(file, '[[1]]');
    const { code, stderr } = await cli('predict', 'modelinvalid', '-f', file);
    expect(code).to.equal(1);
    expect(stderr)
      .to.include('no pod of modelinvalid answers. ModelInvalid: The file is a pickle.')
      .and.include('modeldeployment why modelinvalid');
    expect((await cli('predict', 'nope', '-f', file)).stderr).to.include('there is no ModelDeployment nope');
  });
});
