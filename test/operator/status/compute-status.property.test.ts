import { expect } from 'chai';
import * as fc from 'fast-check';
import type { ModelDeploymentCondition, ModelDeploymentStatus } from '../../../operator/api/generated.ts';
import { REASONS, type Reason } from '../../../operator/api/model-deployment.ts';
import type { Observed } from '../../../operator/api/observed.ts';
import { computeEvents } from '../../../operator/status/compute-events.ts';
import { computeStatus } from '../../../operator/status/compute-status.ts';
import { kstatus } from '../../support/kstatus.ts';
import {
  CURRENT,
  NEW_GENERATION,
  OLD_GENERATION,
  PREVIOUS,
  containerStatus,
  deployment,
  endedWith,
  observed,
  pod,
  type PodStatus,
  service,
} from '../../support/observed.ts';

/** Names that no message may repeat: they differ from one pod to the next. */
const POD_NAMES = ['iris-7c6cc59f7f-t6zwb', 'iris-7c6cc59f7f-9hgkr', 'iris-5996d6b64c-qhrxc', 'iris-5996d6b64c-62m5l'];

/** Rare enough that the world is often well. */
function rarely<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 7, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}
function often(value: boolean): fc.Arbitrary<boolean> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: fc.constant(!value) });
}

const problem = fc.record({
  reason: fc.constantFrom<Reason>('ChildNotOwned', 'InvalidSpec', 'QuotaExceeded'),
  message: fc.constant('Do this.'),
});

const podStatus: fc.Arbitrary<PodStatus | undefined> = fc.constantFrom(
  undefined,
  endedWith('ModelInvalid', 'It is a pickle.'),
  endedWith('StorageUnavailable', 'Wait.'),
  containerStatus({ state: { waiting: { reason: 'ImagePullBackOff' } } }),
  containerStatus({ state: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }),
  containerStatus({ restartCount: 4, lastState: { terminated: { exitCode: 1 } }, state: { running: {} } }),
  {
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes.' }],
  },
);

const pods = fc
  .array(
    fc.record({
      hash: often(true).map((isCurrent) => (isCurrent ? CURRENT : PREVIOUS)),
      ready: often(true),
      deleted: often(false),
      status: podStatus,
    }),
    {
      maxLength: POD_NAMES.length,
    },
  )
  .map((options) =>
    options.map(({ status, ready, ...rest }, index) =>
      pod(POD_NAMES[index]!, { ...rest, ready, ...(status && !ready ? { status } : {}) }),
    ),
  );

const RESOLVED = {
  kind: 'resolved',
  generation: NEW_GENERATION,
  sizeBytes: 9,
  resolvedAt: '2026-01-01T00:00:00Z',
} as const;
const resolution: fc.Arbitrary<Observed['resolution']> = fc.constantFrom<Observed['resolution'][]>(
  RESOLVED,
  RESOLVED,
  RESOLVED,
  { kind: 'delegated', reason: 'ModelAccessDenied', message: 'Pods read it.' },
  { kind: 'failed', reason: 'ModelNotFound', message: 'Upload it.', retryable: false },
  { kind: 'failed', reason: 'StorageUnavailable', message: 'Wait.', retryable: true },
  { kind: 'pending', message: 'Asking.' },
);

const liveDeployment = fc.option(
  fc
    .record({
      replicas: fc.integer({ min: 0, max: 3 }),
      behind: rarely(fc.integer({ min: 1, max: 2 })),
      hash: often(true).map((isCurrent) => (isCurrent ? CURRENT : PREVIOUS)),
      isLate: often(false),
      refusal: rarely(fc.constantFrom('exceeded quota: x', 'violates PodSecurity')),
    })
    .map(({ replicas, behind = 0, hash, isLate, refusal }) =>
      deployment(
        {
          replicas,
          updatedReplicas: Math.max(0, replicas - behind),
          conditions: [
            {
              type: 'Progressing',
              status: isLate ? 'False' : 'True',
              reason: isLate ? 'ProgressDeadlineExceeded' : 'ReplicaSetUpdated',
            },
            ...(refusal
              ? [
                  {
                    type: 'ReplicaFailure',
                    status: 'True',
                    reason: 'FailedCreate',
                    message: `pods "${POD_NAMES[0]}" is forbidden: ${refusal}`,
                  },
                ]
              : []),
          ],
        },
        hash,
        replicas,
      ),
    ),
  { nil: undefined },
);

const state: fc.Arbitrary<Observed> = fc
  .record({
    pods,
    resolution,
    deployment: liveDeployment,
    service: fc.constantFrom(service(), service(), service(), service(8080), undefined),
    spec: fc.record({
      replicas: fc.integer({ min: 0, max: 3 }),
      paused: often(false),
      autoscaling: rarely(fc.constant({ minReplicas: 1, maxReplicas: 4 })),
    }),
    generation: fc.integer({ min: 1, max: 9 }),
    desired: fc.constantFrom(
      { templateHash: CURRENT, generation: NEW_GENERATION },
      { templateHash: CURRENT, generation: undefined },
      undefined,
    ),
    rejection: rarely(
      fc.constant({
        generation: OLD_GENERATION,
        templateHash: 'x',
        reason: 'ModelInvalid' as const,
        message: 'It is a pickle.',
      }),
    ),
    problem: rarely(problem),
    second: fc.integer({ min: 0, max: 59 }),
  })
  .map(({ deployment, service, spec: { autoscaling, ...spec }, generation, second, ...rest }) =>
    observed({
      ...rest,
      modelDeployment: { metadata: { generation }, spec: { ...spec, ...(autoscaling ? { autoscaling } : {}) } },
      now: new Date(Date.UTC(2026, 2, 1, 12, 0, second)),
      children: { deployment, service },
    }),
  );

function conditionOf(status: ModelDeploymentStatus, type: string): ModelDeploymentCondition | undefined {
  return status.conditions?.find((condition) => condition.type === type);
}
function isTrue(status: ModelDeploymentStatus, type: string): boolean {
  return conditionOf(status, type)?.status === 'True';
}
function after(next: Observed, status: ModelDeploymentStatus): Observed {
  return { ...next, modelDeployment: { ...next.modelDeployment, status } };
}
function check(predicate: (state: Observed, status: ModelDeploymentStatus) => void): void {
  fc.assert(
    fc.property(state, (each) => predicate(each, computeStatus(each))),
    { numRuns: 300 },
  );
}

describe('computeStatus, whatever is observed', () => {
  it('is every kind of thing often enough for the properties below to mean something', () => {
    const sample = fc.sample(state, { numRuns: 500, seed: 1 });
    for (const type of ['Ready', 'Progressing', 'Stalled', 'Available']) {
      expect(sample.filter((each) => isTrue(computeStatus(each), type)).length, type).to.be.at.least(20);
    }
  });

  it('is about the generation that was observed, in every condition', () => {
    check(({ modelDeployment }, status) => {
      const generations = [status, ...(status.conditions ?? [])].map(({ observedGeneration }) => observedGeneration);
      expect(new Set(generations)).to.deep.equal(new Set([modelDeployment.metadata.generation]));
    });
  });

  it('is never Ready without the wanted number of ready pods of the wanted template, or with another', () => {
    check(({ modelDeployment: { spec }, children, desired }, status) => {
      if (!isTrue(status, 'Ready')) return;
      expect(desired).not.to.equal(undefined);
      const endpoints = (children.endpointSlices[0]?.endpoints ?? []).filter(({ conditions }) => conditions?.ready);
      const ready = children.pods.filter(({ metadata }) =>
        endpoints.some(({ targetRef }) => targetRef?.name === metadata?.name),
      );
      const current = ready.filter(
        ({ metadata }) => metadata?.annotations?.['modeldeployment.dev/template-hash'] === CURRENT,
      );
      expect(current).to.have.length(ready.length);
      const live = children.deployment?.spec?.replicas ?? 1;
      expect(current.length).to.be.at.least(spec.autoscaling ? Math.min(1, live) : spec.replicas);
    });
  });

  it('is Available while it is Ready, unless nothing is wanted', () => {
    check((_, status) => {
      const nothing = status.replicasSummary === '0/0';
      if (isTrue(status, 'Ready') && !nothing) expect(isTrue(status, 'Available')).to.equal(true);
    });
  });

  it('is at most one of ready, moving and stuck', () => {
    check((_, status) => {
      const states = ['Ready', 'Progressing', 'Stalled'].filter((type) => isTrue(status, type));
      expect(states.length).to.be.at.most(1);
    });
  });

  it('lists Stalled only when it is True, with the reason of Ready, and kstatus agrees', () => {
    check(({ modelDeployment }, status) => {
      const stalled = conditionOf(status, 'Stalled');
      if (stalled) expect(stalled).to.include({ status: 'True', reason: conditionOf(status, 'Ready')?.reason });
      const judged = stalled ? 'Failed' : isTrue(status, 'Ready') ? 'Current' : 'InProgress';
      expect(kstatus({ ...modelDeployment, status })).to.equal(judged);
    });
  });

  it('gives a reason of the enum and one line without names of pods', () => {
    check((_, status) => {
      for (const { reason, message } of status.conditions ?? []) {
        expect(REASONS).to.have.property(reason);
        expect(message).to.match(/^\S.*[.!?…]$/);
        for (const name of POD_NAMES) expect(message).not.to.include(name);
      }
    });
  });

  it('comes out again when it is fed back, and tells no event', () => {
    check((each, status) => {
      const again = computeStatus(after(each, status));
      expect(again).to.deep.equal(status);
      expect(computeEvents(status, again)).to.deep.equal([]);
    });
  });

  it('does not depend on the order of pods and slices', () => {
    check((each, status) => {
      const { pods, endpointSlices } = each.children;
      const children = { ...each.children, pods: [...pods].reverse(), endpointSlices: [...endpointSlices].reverse() };
      expect(computeStatus({ ...each, children })).to.deep.equal(status);
    });
  });

  it('moves lastTransitionTime exactly with the status of a condition, over any two states', () => {
    fc.assert(
      fc.property(state, state, (first, second) => {
        const before = computeStatus(first);
        const next = computeStatus(after(second, before));
        const time = second.now.toISOString().replace('.000Z', 'Z');
        for (const condition of next.conditions ?? []) {
          const old = conditionOf(before, condition.type);
          const expected = old?.status === condition.status ? old.lastTransitionTime : time;
          expect(condition.lastTransitionTime).to.equal(expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('never takes an endpoint away', () => {
    fc.assert(
      fc.property(state, state, (first, second) => {
        const before = computeStatus(first);
        const next = computeStatus(after(second, before));
        if (before.endpoint !== undefined) expect(next.endpoint).not.to.equal(undefined);
      }),
      { numRuns: 200 },
    );
  });
});
