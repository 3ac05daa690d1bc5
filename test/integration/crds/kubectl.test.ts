import { readdir } from 'node:fs/promises';
import { expect } from 'chai';
import type { ControlPlane } from '../../../dev/control-plane.ts';
import type { ModelDeployment, ModelDeploymentStatus } from '../../../operator/api/generated.ts';
import { freshNamespace, sharedControlPlane } from '../../support/control-plane.ts';
import { rejectionOf } from '../../support/thrown.ts';

const READY: ModelDeploymentStatus = {
  observedGeneration: 1,
  endpoint: 'http://iris.default.svc.cluster.local',
  model: {
    path: 'gs://models/iris/model.onnx',
    generation: '1718000000000000',
    servingGeneration: '1717000000000000',
    sizeBytes: 104857,
    resolvedAt: '2026-01-01T00:00:00Z',
  },
  replicas: 2,
  readyReplicas: 1,
  replicasSummary: '1/2',
  selector: 'app.kubernetes.io/name=modeldeployment,app.kubernetes.io/instance=iris',
  conditions: [
    condition('Available', 'True', 'Serving', 'At least one pod serves.'),
    condition('Ready', 'False', 'RolloutInProgress', 'New pods are starting.'),
  ],
};

function condition(type: string, status: 'True' | 'False', reason: string, message: string) {
  return { type, status, reason, message, observedGeneration: 1, lastTransitionTime: '2026-01-01T00:00:00Z' };
}

/** What a person at a shell does with the API and sees of it. */
describe('ModelDeployment by kubectl', function () {
  this.timeout(60_000);
  let controlPlane: ControlPlane;
  let namespace: string;

  before(async () => {
    controlPlane = await sharedControlPlane();
    namespace = await freshNamespace(controlPlane, 'crds');
  });

  function kubectl(...args: string[]): Promise<string> {
    return controlPlane.kubectl(['--namespace', namespace, ...args]);
  }

  function apply(name: string, spec: object, ...args: string[]): Promise<string> {
    const object = { apiVersion: 'modeldeployment.dev/v1alpha1', kind: 'ModelDeployment', metadata: { name }, spec };
    return controlPlane.kubectl(['--namespace', namespace, 'apply', '-f', '-', ...args], {
      input: JSON.stringify(object),
    });
  }

  async function get(name: string): Promise<ModelDeployment> {
    return JSON.parse(await kubectl('get', 'mdep', name, '-o', 'json')) as ModelDeployment;
  }

  async function writeStatus(name: string, status: object): Promise<void> {
    const patch = JSON.stringify({ status });
    await kubectl('patch', 'mdep', name, '--subresource=status', '--type=merge', '--patch', patch);
  }

  it('applies the definition again without a change', async () => {
    expect(await controlPlane.kubectl(['apply', '-f', 'crds/modeldeployment.yaml'])).to.contain('unchanged');
  });

  it('stores the definition without complaint', async () => {
    const text = await controlPlane.kubectl(['get', 'crd', 'modeldeployments.modeldeployment.dev', '-o', 'json']);
    const { status } = JSON.parse(text) as { status: { conditions: { type: string; status: string }[] } };
    const found = Object.fromEntries(status.conditions.map(({ type, status }) => [type, status]));
    expect(found).to.include({ Established: 'True', NamesAccepted: 'True' });
    // Present, and not True, when a schema is not structural.
    expect(found['NonStructuralSchema'] ?? 'False').to.equal('False');
  });

  it('applies every sample, and again without a change', async () => {
    const samples = await readdir('config/samples');
    expect(samples).to.include('iris.yaml');
    const first = await kubectl('apply', '-f', 'config/samples');
    expect(first.match(/^modeldeployment\.modeldeployment\.dev\/.* created$/gm)).to.have.length(samples.length);
    const again = await kubectl('apply', '-f', 'config/samples');
    expect(again.match(/ unchanged$/gm)).to.have.length(again.trim().split('\n').length);
    await kubectl('apply', '--server-side', '--force-conflicts', '-f', 'config/samples');
  });

  it('says which field it does not know', async () => {
    const error = await failure(apply('typo', { model: { path: 'gs://models/a.onnx' }, replica: 2 }));
    expect(error).to.contain('unknown field "spec.replica"');
  });

  it('drops a field it does not know when told to go on', async () => {
    await apply('pruned', { model: { path: 'gs://models/a.onnx', version: 7 } }, '--validate=false');
    expect((await get('pruned')).spec.model).not.to.have.property('version');
  });

  it('prints a refusal with the field and a right value', async () => {
    expect(await failure(apply('s3', { model: { path: 's3://models/a.onnx' } }))).to.contain(
      'The ModelDeployment "s3" is invalid: spec.model.path: Invalid value: "s3://models/a.onnx": must start with gs://',
    );
  });

  describe('of one with a status', () => {
    before(async () => {
      await apply('reported', { model: { path: 'gs://models/iris/model.onnx' }, replicas: 2 });
      await writeStatus('reported', { ...READY, unknown: 'dropped' });
    });

    it('keeps every field of status, and no other', async () => {
      expect((await get('reported')).status).to.deep.equal(READY);
    });

    it('shows columns', async () => {
      const [header = '', row = ''] = (await kubectl('get', 'modeldeployments', 'reported')).split('\n');
      expect(cells(header)).to.deep.equal([
        'NAME',
        'READY',
        'ENDPOINT',
        'MODEL',
        'GENERATION',
        'REPLICAS',
        'REASON',
        'AGE',
      ]);
      expect(cells(row).slice(0, -1)).to.deep.equal([
        'reported',
        'False',
        'http://iris.default.svc.cluster.local',
        'gs://models/iris/model.onnx',
        '1718000000000000',
        '1/2',
        'RolloutInProgress',
      ]);
    });

    it('shows more with -o wide', async () => {
      const [header = '', row = ''] = (await kubectl('get', 'mdep', 'reported', '-o', 'wide')).split('\n');
      expect(cells(header).slice(-2)).to.deep.equal(['SERVING', 'MESSAGE']);
      expect(cells(row).slice(-2)).to.deep.equal(['1717000000000000', 'New pods are starting.']);
    });

    it('lists it in the category all', async () => {
      expect(await kubectl('get', 'all', '-o', 'name')).to.contain('modeldeployment.modeldeployment.dev/reported');
    });

    it('waits for its conditions', async () => {
      await kubectl('wait', '--for=condition=Available', 'modeldeployment/reported', '--timeout=10s');
    });

    it('refuses a second condition of a type', async () => {
      const conditions = [condition('Ready', 'True', 'A', ''), condition('Ready', 'False', 'B', '')];
      expect(await failure(writeStatus('reported', { conditions }))).to.contain('Duplicate value');
    });

    it('does not write status with the object', async () => {
      await kubectl(
        'patch',
        'mdep',
        'reported',
        '--type=merge',
        '--patch',
        '{"status": {"endpoint": "http://elsewhere"}}',
      );
      expect((await get('reported')).status?.endpoint).to.equal(READY.endpoint);
    });

    it('does not count a written status as a change of the spec', async () => {
      const before = (await get('reported')).metadata.generation;
      await writeStatus('reported', { readyReplicas: 2 });
      expect((await get('reported')).metadata.generation).to.equal(before);
      await writeStatus('reported', READY);
    });
  });

  describe('scale', () => {
    const scaleOf = async (name: string): Promise<unknown> => {
      const path = `/apis/modeldeployment.dev/v1alpha1/namespaces/${namespace}/modeldeployments/${name}/scale`;
      const { spec, status } = JSON.parse(await controlPlane.kubectl(['get', '--raw', path])) as Record<
        string,
        unknown
      >;
      return { spec, status };
    };

    it('answers for an object without replicas, as a HorizontalPodAutoscaler asks', async () => {
      await apply('default-size', { model: { path: 'gs://models/a.onnx' } });
      expect(await scaleOf('default-size')).to.deep.equal({ spec: { replicas: 1 }, status: { replicas: 0 } });
    });

    it('sets replicas, from what they are by default', async () => {
      await apply('scaled', { model: { path: 'gs://models/a.onnx' } });
      await kubectl('scale', 'modeldeployment/scaled', '--current-replicas=1', '--replicas=3');
      expect((await get('scaled')).spec.replicas).to.equal(3);
      await apply('scaled', { model: { path: 'gs://models/b.onnx' } });
      expect((await get('scaled')).spec.replicas, 'an apply that does not write replicas leaves them').to.equal(3);
    });

    it('goes to zero', async () => {
      await apply('stopped', { model: { path: 'gs://models/a.onnx' } });
      await kubectl('scale', 'modeldeployment/stopped', '--replicas=0');
      expect((await get('stopped')).spec.replicas).to.equal(0);
    });

    it('tells pods and their selector', async () => {
      await apply('selected', { model: { path: 'gs://models/a.onnx' } });
      await writeStatus('selected', { replicas: 2, selector: 'app=a' });
      expect(await scaleOf('selected')).to.deep.equal({
        spec: { replicas: 1 },
        status: { replicas: 2, selector: 'app=a' },
      });
    });

    it('is refused while autoscaling is set', async () => {
      await apply('autoscaled', { model: { path: 'gs://models/a.onnx' }, autoscaling: { maxReplicas: 3 } });
      expect(await failure(kubectl('scale', 'modeldeployment/autoscaled', '--replicas=3'))).to.contain(
        'spec.replicas: Invalid value: must not be set (or be 1) while autoscaling chooses the number of pods',
      );
    });
  });

  it('keeps the order of labels when they are applied anew', async () => {
    for (const labels of [
      ['a', 'b', 'c'],
      ['c', 'a', 'b'],
      ['c', 'x', 'a'],
    ]) {
      await apply('ordered', { model: { path: 'gs://models/a.onnx', labels } }, '--server-side');
      expect((await get('ordered')).spec.model.labels).to.deep.equal(labels);
    }
  });

  it('explains fields', async () => {
    const text = await kubectl('explain', 'modeldeployment.spec.model.path');
    expect(text.replaceAll(/\s+/g, ' ')).to.contain('gs://bucket/object, or gs://bucket/prefix/ for a folder');
  });
});

/** Cells of a line of a table; kubectl parts them by at least two blanks. */
function cells(line: string): string[] {
  return line.trim().split(/\s{2,}/);
}

async function failure(call: Promise<unknown>): Promise<string> {
  return (await rejectionOf(Error, call)).message;
}
