import { expect } from 'chai';
import type { V1Deployment, V1EndpointSlice, V1Pod } from '@kubernetes/client-node';
import type { ModelDeployment, ModelDeploymentStatus } from '../../../operator/api/generated.ts';
import type { Observed } from '../../../operator/api/observed.ts';
import { computeEvents } from '../../../operator/status/compute-events.ts';
import { computeStatus } from '../../../operator/status/compute-status.ts';
import { modelDeployment } from '../../support/model-deployment.ts';
import { observed, recorded, service } from '../../support/observed.ts';

/** What the caches held at one moment. */
interface Moment {
  readonly phase: string;
  readonly deployment?: V1Deployment;
  readonly pods: readonly V1Pod[];
  readonly endpointSlices: readonly V1EndpointSlice[];
}
interface Wish {
  readonly replicas: number;
  readonly templateHash: string;
  readonly generation: string;
}

const FIRST = { templateHash: 'a', generation: '1718000000000000' };
const SECOND = { templateHash: 'b', generation: '1718000000000001' };
/** What the ModelDeployment asked for in each phase of the recording. */
const WISHES: Readonly<Record<string, Wish>> = {
  create: { replicas: 2, ...FIRST },
  'new-generation': { replicas: 2, ...SECOND },
  restart: { replicas: 2, ...SECOND },
  zero: { replicas: 0, ...SECOND },
  three: { replicas: 3, ...SECOND },
  'pod-deleted': { replicas: 3, ...SECOND },
};

function stateAt(moment: Moment, wish: Wish, status: ModelDeploymentStatus | undefined): Observed {
  const object: ModelDeployment = modelDeployment({ spec: { replicas: wish.replicas } });
  return {
    ...observed({
      pods: moment.pods,
      desired: { templateHash: wish.templateHash, generation: wish.generation },
      resolution: { kind: 'resolved', generation: wish.generation, sizeBytes: 1, resolvedAt: '2026-01-01T00:00:00Z' },
      children: { deployment: moment.deployment, service: service(), endpointSlices: moment.endpointSlices },
    }),
    modelDeployment: status ? { ...object, status } : object,
  };
}

/** Ready's status and reason over the moments of one phase, repetitions left out. */
function follow(moments: readonly Moment[], wishOf: (moment: Moment) => Wish): Map<string, string[]> {
  const told = new Map<string, string[]>();
  let status: ModelDeploymentStatus | undefined;
  for (const moment of moments) {
    status = computeStatus(stateAt(moment, wishOf(moment), status));
    const ready = status.conditions?.find(({ type }) => type === 'Ready');
    const texts = told.get(moment.phase) ?? [];
    const text = `${ready?.status} ${ready?.reason}`;
    if (texts.at(-1) !== text) texts.push(text);
    told.set(moment.phase, texts);
  }
  return told;
}

describe('a recorded Deployment of two pods', () => {
  const moments = recorded('rolling') as Moment[];
  const wishOf = ({ phase }: Moment): Wish => WISHES[phase]!;

  it('is ready once in each phase and never flaps', () => {
    const once = ['False RolloutInProgress', 'True Ready'];
    expect(Object.fromEntries(follow(moments, wishOf))).to.deep.equal({
      create: once,
      'new-generation': once,
      restart: once,
      zero: ['True ScaledToZero'],
      three: once,
      'pod-deleted': once,
    });
  });

  it('is not ready while a pod of another generation answers', () => {
    for (const moment of moments) {
      const status = computeStatus(stateAt(moment, wishOf(moment), undefined));
      const isReady = status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
      const served = status.model?.servingGeneration;
      if (isReady && served !== undefined) expect(served).to.equal(wishOf(moment).generation);
    }
  });

  it('was available from its first ready pod to the last but one phase', () => {
    const phases = new Set(['new-generation', 'restart', 'pod-deleted']);
    for (const moment of moments.filter(({ phase }) => phases.has(phase))) {
      const { conditions } = computeStatus(stateAt(moment, wishOf(moment), undefined));
      expect(conditions?.find(({ type }) => type === 'Available')?.status).to.equal('True');
    }
  });

  it('makes a story of few events', () => {
    let status: ModelDeploymentStatus | undefined;
    const events: string[] = [];
    for (const moment of moments) {
      const next = computeStatus(stateAt(moment, wishOf(moment), status));
      events.push(...computeEvents(status, next).map(({ type, reason }) => `${type} ${reason}`));
      status = next;
    }
    const rollout = ['Normal RolloutInProgress', 'Normal Ready'];
    expect(events).to.deep.equal([
      'Normal Ready',
      'Normal Resolved',
      ...rollout,
      ...rollout,
      'Normal ScaledToZero',
      ...rollout,
      ...rollout,
    ]);
  });
});

describe('a recorded new template that ends with words', () => {
  const moments = recorded('refused-rollout') as Moment[];
  const wish: Wish = { replicas: 1, templateHash: 'next', generation: '1718000000000001' };

  it('is refused as soon as it has spoken, and stays refused', () => {
    expect(follow(moments, () => wish).get('refused')).to.deep.equal([
      'False RolloutInProgress',
      'False ModelRejected',
    ]);
  });

  it('leaves the old pod available, and says which generation serves', () => {
    for (const moment of moments) {
      const status = computeStatus(stateAt(moment, wish, undefined));
      expect(status.conditions?.find(({ type }) => type === 'Available')?.status).to.equal('True');
      expect(status.model).to.include({ generation: '1718000000000001', servingGeneration: '1718000000000000' });
    }
  });
});
