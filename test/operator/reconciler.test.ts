import { expect } from 'chai';
import type { Failure } from '../support/fake-cluster.ts';
import { KEY, ReconcilerBed } from '../support/reconciler-bed.ts';

describe('reconciler', () => {
  it('creates with two applies and two status writes until Ready', async () => {
    const bed = new ReconcilerBed();
    bed.create();
    await bed.settle();
    expect(bed.ready).to.equal('True Ready');
    expect(bed.cluster.requests).to.deep.equal(['apply Service', 'apply Deployment', 'applyStatus', 'applyStatus']);
  });

  it('applies nothing twice because the watch is late', async () => {
    const bed = new ReconcilerBed();
    bed.create();
    bed.deliver('ModelDeployment');
    await bed.run();
    bed.cluster.requests = [];
    for (let pass = 0; pass < 5; pass += 1) {
      bed.due.add(KEY);
      await bed.run();
    }
    expect(bed.cluster.requests).to.deep.equal([]);
  });

  it('makes no request in a pass over an object that is as it should be, also in a new process', async () => {
    const bed = new ReconcilerBed();
    bed.create({ replicas: 3 });
    await bed.settle();
    bed.restart();
    await bed.settle();
    expect(bed.cluster.requests).to.deep.equal([]);
  });

  it('knows the model of a Ready object without storage, and of no other', async () => {
    const bed = new ReconcilerBed();
    bed.create();
    bed.deliver('ModelDeployment');
    await bed.run();
    expect(bed.lastKnown).to.equal(undefined);
    await bed.settle();
    bed.restart();
    await bed.settle();
    expect(bed.lastKnown).to.deep.equal(bed.resolution);
    bed.edit({ ...bed.live.spec, model: { ...bed.live.spec.model, path: 'gs://models/other/model.onnx' } });
    bed.deliver('ModelDeployment');
    await bed.run();
    expect(bed.lastKnown).to.equal(undefined);
  });

  it('writes a first status although storage has no answer, and makes nothing', async () => {
    const bed = new ReconcilerBed();
    bed.resolution = { kind: 'failed', reason: 'StorageUnavailable', message: 'Down.', retryable: true };
    bed.create();
    await bed.settle();
    expect(bed.cluster.requests).to.deep.equal(['applyStatus']);
    expect(bed.ready).to.equal('False StorageUnavailable');
  });

  it('makes nothing again for an object that is being deleted', async () => {
    const bed = new ReconcilerBed();
    bed.create();
    await bed.settle();
    bed.cluster.write({
      kind: 'ModelDeployment',
      metadata: { name: 'iris', namespace: 'default', deletionTimestamp: 'now' },
    });
    bed.cluster.remove('Deployment default/iris');
    bed.cluster.requests = [];
    await bed.settle();
    expect(bed.cluster.requests).to.deep.equal([]);
  });

  it('writes status after a child was refused, with every other child in place', async () => {
    const bed = new ReconcilerBed();
    bed.cluster.write({
      kind: 'Deployment',
      metadata: { name: 'iris', namespace: 'default' },
      spec: { replicas: 1, template: { metadata: { annotations: {} } } },
    });
    bed.deliverAll();
    bed.create();
    bed.deliverAll();
    await bed.run();
    expect(bed.ready).to.equal('False ChildNotOwned');
    expect(bed.cluster.objects.get('Deployment default/iris').metadata.ownerReferences).to.equal(undefined);
  });

  it('does not call a spec handled whose children could not be written', async () => {
    const bed = new ReconcilerBed();
    bed.create();
    await bed.settle();
    // The pods stay as they are: nothing but the failed pass tells that something is missing.
    bed.edit({ ...bed.live.spec, service: { ...bed.live.spec.service, annotations: { team: 'a' } } });
    const { generation } = bed.live.metadata;
    const failures: Failure[] = ['before'];
    bed.cluster.nextFailure = () => failures.shift();
    bed.deliverAll();
    await bed.run();
    expect(failures).to.deep.equal([]);
    expect(bed.live.status.observedGeneration).to.equal(generation - 1);
    await bed.settle();
    expect(bed.live.status.observedGeneration).to.equal(generation);
    expect(bed.ready).to.equal('True Ready');
  });

  it('repairs a few times at once, then waits: two that fight must not load the API server', async () => {
    const bed = new ReconcilerBed();
    bed.create();
    await bed.settle();
    const damage = async (): Promise<void> => {
      bed.cluster.write({
        kind: 'Deployment',
        metadata: { name: 'iris', namespace: 'default' },
        spec: { replicas: 7 },
      });
      bed.deliverAll();
      await bed.run();
      bed.deliverAll();
    };
    const replicas = (): number => bed.cluster.objects.get('Deployment default/iris').spec.replicas;
    for (let repair = 0; repair < 5; repair += 1) {
      await damage();
      expect(replicas()).to.equal(1);
    }
    await damage();
    expect(replicas()).to.equal(7);
    await bed.settle();
    expect(replicas()).to.equal(1);
    expect(bed.cluster.events.filter(({ reason }) => reason === 'DriftRepaired')).to.have.lengthOf(6);
  });
});
