import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readSampleClassifier, type SampleClassifier } from '../../dev/sample-models.ts';
import { NodeProcess, type Exit } from '../support/runtime-process.ts';
import { cluster, installation, TestNamespace, upload } from './installation.ts';

/** Keeps what was overwritten, for the way back. */
const BUCKET = 'cli-versioned';
const MODEL = `gs://${BUCKET}/iris/model.onnx`;

/** The command line as a new user types it, against pods that really run. */
describe('the command line on a real cluster', () => {
  const namespace = new TestNamespace();
  let temporary: string;
  let sample: SampleClassifier;
  let rows: string;

  before(async () => {
    await namespace.create();
    temporary = await mkdtemp(join(tmpdir(), 'cli-'));
    sample = await readSampleClassifier('iris-lr-strings');
    await installation().withEmulator((emulator) => emulator.createBucket(BUCKET, { versioning: true }));
    rows = join(temporary, 'rows.csv');
    await writeFile(rows, sample.rows.map((row) => (row as number[]).join(',')).join('\n'));
  });
  after(async () => {
    await rm(temporary, { recursive: true });
    await namespace.delete();
  });

  async function cli(...args: readonly string[]): Promise<Exit> {
    const { kubeconfig } = cluster();
    const env = kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig };
    await using process = new NodeProcess(['cli/main.ts', ...args, '-n', namespace.name], env);
    return await process.exit();
  }

  it('deploys a model and prints a request that works', async () => {
    const generation = await upload(BUCKET, 'iris/model.onnx', sample.file);
    const { code, stdout, stderr } = await cli('deploy', MODEL);
    expect(code, stderr).to.equal(0);
    expect(stderr)
      .to.match(/modeldeployment iris created/)
      .and.include(`generation ${generation}`);
    expect(stdout).to.include(`iris is ready at http://iris.${namespace.name}.svc.cluster.local`);
    expect(stdout).to.match(/curl -s http:\/\/127\.0\.0\.1:8080\/predict .*-d '\{"instances":/);
  });

  it('predicts what scikit-learn predicts, through the API server', async () => {
    const { code, stdout, stderr } = await cli('predict', 'iris', '-f', rows, '-o', 'json');
    expect(code, stderr).to.equal(0);
    const { predictions } = JSON.parse(stdout) as { predictions: { label: string }[] };
    expect(predictions.map(({ label }) => label)).to.deep.equal(sample.expected.label);
  });

  it('shows labels and probabilities in a table', async () => {
    const { stdout } = await cli('predict', 'iris', '-f', rows);
    const [header = '', ...lines] = stdout.trimEnd().split('\n');
    expect(header.trim().split(/ +/)).to.deep.equal(['ROW', 'label', 'setosa', 'versicolor', 'virginica']);
    expect(lines).to.have.length(sample.rows.length);
    for (const line of lines) expect(line).to.match(/^\d+ +\w+( +\d\.(\d{4}|\de-\d+)){3}$/);
  });

  it('hands on what the model says of a wrong row', async () => {
    await writeFile(join(temporary, 'wrong.json'), '[[1, 2, 3]]');
    const { code, stderr } = await cli('predict', 'iris', '-f', join(temporary, 'wrong.json'));
    expect(code).to.equal(1);
    expect(stderr).to.match(/400 InvalidInput: instances\[0\]/);
  });

  it('finds nothing wrong: why, diff, status, doctor', async () => {
    expect(await cli('why', 'iris')).to.deep.include({ code: 0 });
    expect((await cli('diff', 'iris')).stdout).to.equal('iris serves what its spec asks for.\n');
    expect((await cli('status')).stdout).to.match(/^iris +True +Ready +1\/1/m);
    const { checks } = JSON.parse((await cli('doctor', '-o', 'json')).stdout) as {
      checks: { name: string; result: string }[];
    };
    const results = Object.fromEntries(checks.map(({ name, result }) => [name, result]));
    expect(results).to.include({ cluster: 'ok', CRD: 'ok', permissions: 'ok' });
    expect(results['operator']).to.be.oneOf(['ok', 'warning']);
  });

  it('reads the log, and measures through a forwarded port', async () => {
    expect((await cli('logs', 'iris', '--tail', '5')).stdout).to.match(/"level":30/);
    const { code, stdout, stderr } = await cli('bench', 'iris', '-c', '2', '--duration', '1s', '-o', 'json');
    expect(code, stderr).to.equal(0);
    const { requests, failures, latencyMs } = JSON.parse(stdout) as {
      requests: number;
      failures: object;
      latencyMs: object;
    };
    expect(requests).to.be.greaterThan(0);
    expect(failures).to.deep.equal({});
    expect(latencyMs).to.have.all.keys('p50', 'p90', 'p99', 'max');
  });

  it('says what a new generation was refused for, and pins the one that serves', async () => {
    const generation = await upload(BUCKET, 'iris/model.onnx', 'bad/pickled.onnx');
    const { status } = await installation()
      .kubectl.get<{ status: { model: { servingGeneration: string } } }>([
        'modeldeployment',
        'iris',
        '-n',
        namespace.name,
      ])
      .then((object) => object!);
    const deployed = await cli('deploy', MODEL, '--generation', generation);
    expect(deployed.code, deployed.stderr).to.equal(3);
    const explained = await cli('why', 'iris', '-o', 'json');
    expect(explained.code).to.equal(3);
    expect(JSON.parse(explained.stdout)).to.include({ reason: 'ModelRejected', cause: 'ModelInvalid' });
    const rolledBack = await cli('rollback', 'iris');
    expect(rolledBack.code, rolledBack.stderr).to.equal(0);
    expect(rolledBack.stderr).to.include(status.model.servingGeneration);
    expect((await cli('predict', 'iris', '-f', rows)).code).to.equal(0);
  });

  it('ends with the reason and the next command when there is no model', async () => {
    const { code, stderr } = await cli('deploy', `gs://${BUCKET}/nothing.onnx`);
    expect(code).to.equal(3);
    expect(stderr).to.include('nothing needs you: ModelNotFound').and.include('gcloud storage ls --all-versions');
  });
});
