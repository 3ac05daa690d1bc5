import { expect } from 'chai';
import type { ModelDeploymentCondition, ModelDeploymentStatus } from '../../../operator/api/generated.ts';
import { CONDITION_TYPES, REASONS } from '../../../operator/api/model-deployment.ts';
import type { Observed } from '../../../operator/api/observed.ts';
import { computeStatus } from '../../../operator/status/compute-status.ts';
import { kstatus } from '../../support/kstatus.ts';
import { modelDeployment } from '../../support/model-deployment.ts';
import { CURRENT, NEW_GENERATION, OLD_GENERATION, PREVIOUS, observed, pod } from '../../support/observed.ts';
import { STATES } from './states.ts';

function conditionOf(status: ModelDeploymentStatus, type: string): ModelDeploymentCondition | undefined {
  return status.conditions?.find((condition) => condition.type === type);
}

/** The same world after the status was written. */
function withStatus(before: Observed, status: ModelDeploymentStatus): Observed {
  return { ...before, modelDeployment: { ...before.modelDeployment, status } };
}

describe('computeStatus', () => {
  for (const { name, observed: state, reason, message, kstatus: judged, ...expected } of STATES) {
    describe(`when ${name}`, () => {
      const status = computeStatus(state);
      const asText = (value = false): string => (value ? 'True' : 'False');

      it(`says ${reason}`, () => {
        const ready = conditionOf(status, CONDITION_TYPES.ready);
        expect(ready).to.include({ status: asText(expected.ready), reason, message });
      });

      it('says what is available and what moves', () => {
        expect(conditionOf(status, CONDITION_TYPES.available)?.status).to.equal(asText(expected.available));
        expect(conditionOf(status, CONDITION_TYPES.progressing)?.status).to.equal(asText(expected.progressing));
      });

      it(`is ${judged} for kstatus`, () => {
        expect(kstatus({ ...state.modelDeployment, status })).to.equal(judged);
        const stalled = conditionOf(status, CONDITION_TYPES.stalled);
        expect(stalled?.reason).to.equal(judged === 'Failed' ? reason : undefined);
      });

      it('needs no second write', () => {
        expect(computeStatus(withStatus(state, status))).to.deep.equal(status);
      });
    });
  }

  it('has a state for every reason', () => {
    const told = STATES.flatMap(({ observed }) => computeStatus(observed).conditions ?? []).map(({ reason }) => reason);
    expect([...new Set(told)].sort()).to.deep.equal(Object.keys(REASONS).sort());
  });

  it('is InProgress for kstatus until the new spec was judged', () => {
    const status = computeStatus(observed());
    const edited = modelDeployment({ metadata: { generation: 2 } });
    expect(kstatus({ ...edited, status })).to.equal('InProgress');
  });

  describe('ModelResolved', () => {
    const rows: readonly (readonly [string, Observed['resolution'], Partial<ModelDeploymentCondition>])[] = [
      [
        'is True with the generation',
        { kind: 'resolved', generation: '7', sizeBytes: 1, resolvedAt: '2026-01-01T00:00:00Z' },
        { status: 'True', reason: 'Resolved', message: 'Model generation 7 exists and is readable.' },
      ],
      [
        'is Unknown where the pods resolve it',
        { kind: 'delegated', reason: 'ModelAccessDenied', message: 'Pods read it.' },
        { status: 'Unknown', reason: 'ModelAccessDenied', message: 'Pods read it.' },
      ],
      [
        'is Unknown before storage has answered',
        { kind: 'pending', message: 'Asking.' },
        { status: 'Unknown', reason: 'RolloutInProgress', message: 'Asking.' },
      ],
      [
        'is False where it cannot be resolved',
        { kind: 'failed', retryable: true, reason: 'StorageUnavailable', message: 'Wait.' },
        { status: 'False', reason: 'StorageUnavailable', message: 'Wait.' },
      ],
    ];
    for (const [name, resolution, expected] of rows) {
      it(name, () => {
        const status = computeStatus(observed({ resolution }));
        expect(conditionOf(status, CONDITION_TYPES.modelResolved)).to.include(expected);
      });
    }
  });

  it('does not flap when another operator starts and storage is slow to answer', () => {
    const resolved = computeStatus(observed());
    const state = withStatus(observed({ resolution: { kind: 'pending', message: 'Asking.' } }), resolved);
    expect(computeStatus(state)).to.deep.equal(resolved);
    const edited = { ...state, modelDeployment: modelDeployment({ metadata: { generation: 2 }, status: resolved }) };
    expect(conditionOf(computeStatus(edited), CONDITION_TYPES.modelResolved)?.status).to.equal('Unknown');
  });

  describe('lastTransitionTime', () => {
    const before = computeStatus(observed({ pods: [pod('a')], now: new Date('2026-03-01T10:00:00.999Z') }));

    it('is in whole seconds', () => {
      expect(conditionOf(before, 'Ready')?.lastTransitionTime).to.equal('2026-03-01T10:00:00Z');
    });

    it('moves when the status of the condition changes', () => {
      const after = computeStatus(withStatus(observed(), before));
      expect(conditionOf(after, 'Ready')?.lastTransitionTime).to.equal('2026-03-01T12:00:00Z');
    });

    it('stays when only reason or message change', () => {
      const failing = observed({ problem: { reason: 'ChildNotOwned', message: 'x' } });
      const after = computeStatus(withStatus(failing, before));
      expect(conditionOf(after, 'Ready')).to.include({
        reason: 'ChildNotOwned',
        lastTransitionTime: '2026-03-01T10:00:00Z',
      });
    });
  });

  describe('endpoint', () => {
    it('is not there before a pod has answered', () => {
      expect(computeStatus(observed({ pods: [pod('a')] }))).not.to.have.property('endpoint');
    });

    it('is there as soon as one answers, and names the namespace', () => {
      const state = observed({ modelDeployment: { metadata: { name: 'fraud', namespace: 'risk' } } });
      expect(computeStatus(state).endpoint).to.equal('http://fraud.risk.svc.cluster.local');
    });

    it('stays while no pod answers', () => {
      const answered = computeStatus(observed());
      const down = withStatus(observed({ pods: [pod('a')] }), answered);
      expect(computeStatus(down).endpoint).to.equal('http://iris.default.svc.cluster.local');
    });

    it('has the port of the Service where it is not 80', () => {
      const state = observed({ modelDeployment: { spec: { service: { port: 8080 } } } });
      expect(computeStatus(state).endpoint).to.equal('http://iris.default.svc.cluster.local:8080');
    });
  });

  describe('model', () => {
    const resolved = { generation: NEW_GENERATION, sizeBytes: 1024, resolvedAt: '2026-01-01T00:00:00Z' };
    const path = 'gs://models/iris/model.onnx';

    it('tells what was resolved and what serves', () => {
      expect(computeStatus(observed()).model).to.deep.equal({ path, servingGeneration: NEW_GENERATION, ...resolved });
    });

    it('tells what serves until nothing of it answers any more', () => {
      const pods = [pod('old', { hash: PREVIOUS, ready: true }), pod('new', { ready: true })];
      expect(computeStatus(observed({ pods })).model?.servingGeneration).to.equal(OLD_GENERATION);
    });

    it('tells the older of two generations that are both to go', () => {
      const pods = [
        pod('older', { hash: 'x', generation: '9', ready: true }),
        pod('old', { hash: PREVIOUS, generation: '10', ready: true }),
      ];
      expect(computeStatus(observed({ pods })).model?.servingGeneration).to.equal('9');
    });

    it('tells of no serving generation where nothing serves', () => {
      expect(computeStatus(observed({ pods: [] })).model).not.to.have.property('servingGeneration');
    });

    it('keeps what it knows while storage does not answer', () => {
      const outage = observed({
        resolution: { kind: 'failed', retryable: true, reason: 'StorageUnavailable', message: 'Wait.' },
      });
      expect(computeStatus(withStatus(outage, computeStatus(observed()))).model).to.include(resolved);
    });

    it('keeps the time of the first look when a new operator looks again', () => {
      const again = observed({ resolution: { kind: 'resolved', ...resolved, resolvedAt: '2026-02-02T00:00:00Z' } });
      expect(computeStatus(withStatus(again, computeStatus(observed()))).model).to.include(resolved);
    });

    it('forgets the model of another path', () => {
      const status = computeStatus(observed());
      const moved = observed({
        modelDeployment: { spec: { model: { path: 'gs://models/other.onnx' } } },
        resolution: { kind: 'failed', retryable: false, reason: 'ModelNotFound', message: 'Upload it.' },
        desired: undefined,
      });
      expect(computeStatus(withStatus(moved, status)).model).to.deep.equal({
        path: 'gs://models/other.onnx',
        servingGeneration: NEW_GENERATION,
      });
    });

    it('tells what is pinned, not what was refused', () => {
      const refused = observed({
        desired: { templateHash: CURRENT, generation: OLD_GENERATION },
        rejection: { generation: NEW_GENERATION, templateHash: 'x', reason: 'ModelInvalid', message: 'x' },
      });
      expect(computeStatus(refused).model).to.deep.equal({
        path,
        generation: OLD_GENERATION,
        servingGeneration: NEW_GENERATION,
      });
    });
  });

  it('counts what answers against what is wanted', () => {
    const state = observed({
      modelDeployment: { spec: { replicas: 3 } },
      pods: [pod('a', { ready: true }), pod('b', { ready: true }), pod('c')],
    });
    expect(computeStatus(state)).to.include({ replicas: 3, readyReplicas: 2, replicasSummary: '2/3' });
  });

  it('selects the pods for the scale subresource', () => {
    expect(computeStatus(observed()).selector).to.equal(
      'app.kubernetes.io/name=modeldeployment,app.kubernetes.io/instance=iris',
    );
  });

  it('speaks of the generation it judged, in every condition', () => {
    const state = observed({ modelDeployment: { metadata: { generation: 7 } } });
    const status = computeStatus(state);
    expect([status, ...(status.conditions ?? [])].map(({ observedGeneration }) => observedGeneration)).to.deep.equal([
      7, 7, 7, 7, 7,
    ]);
  });

  it('is not led astray by conditions of others', () => {
    const foreign = { type: 'Mine', status: 'True', lastTransitionTime: 'x', reason: 'R', message: 'm' } as const;
    const state = { ...observed(), modelDeployment: { ...modelDeployment(), status: { conditions: [foreign] } } };
    expect(computeStatus(state).conditions?.map(({ type }) => type)).to.deep.equal([
      'ModelResolved',
      'Available',
      'Progressing',
      'Ready',
    ]);
  });
});
