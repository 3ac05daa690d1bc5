import type { V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import type { Children } from '../../operator/api/observed.ts';
import type { RolloutEvidence } from '../../operator/choose-template.ts';
import type { DeployedRollout } from '../../operator/rollout-memory.ts';
import { gatherEvidence } from '../../operator/rollout-evidence.ts';
import {
  CURRENT,
  NEW_GENERATION,
  PREVIOUS,
  containerStatus,
  deployment,
  endedWith,
  observed,
  pod,
  type PodStatus,
} from '../support/observed.ts';

const DEPLOYED: DeployedRollout = {
  generation: NEW_GENERATION,
  templateHash: CURRENT,
  resolvedFor: undefined,
  lastGood: undefined,
  unproven: [],
  rejection: undefined,
  applied: undefined,
};
const old = pod('old', { hash: PREVIOUS, ready: true });
const broken = endedWith('ModelInvalid', 'It is a pickle.');
const noImage = containerStatus({ state: { waiting: { reason: 'ImagePullBackOff' } } });
const late = [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }];
const overQuota = [
  {
    type: 'ReplicaFailure',
    status: 'True',
    reason: 'FailedCreate',
    message: 'pods "a" is forbidden: exceeded quota: x',
  },
];

interface Row {
  readonly name: string;
  readonly pods: readonly V1Pod[];
  readonly children?: Partial<Children>;
  readonly isServing?: boolean;
  /** Hashes of other templates of which a pod serves. */
  readonly othersServing?: readonly string[];
  readonly refusal?: Partial<RolloutEvidence['refusal']>;
}

const evicted = (): V1Pod => pod('evicted', { hash: PREVIOUS, status: { phase: 'Failed' } });
const failing = (status: PodStatus): V1Pod => pod('new', { status });
const unready = (): V1Pod => pod('old', { hash: PREVIOUS });

const ROWS: readonly Row[] = [
  { name: 'all is well', pods: [pod('a', { ready: true })], isServing: true },
  { name: 'the new pod has not spoken yet', pods: [old, pod('new')], othersServing: [PREVIOUS] },
  {
    name: 'the new pod says why it cannot serve',
    pods: [old, failing(broken)],
    othersServing: [PREVIOUS],
    refusal: { reason: 'ModelInvalid', message: 'It is a pickle.', mayPass: false },
  },
  {
    name: 'one new pod serves, the next cannot',
    pods: [old, pod('first', { ready: true }), failing(broken)],
    isServing: true,
    refusal: { reason: 'ModelInvalid', mayPass: false },
  },
  {
    name: 'the old pod has just lost its node and is not ready',
    pods: [unready(), failing(broken)],
    othersServing: [],
    refusal: { reason: 'ModelInvalid', mayPass: false },
  },
  { name: 'a pod fails that has no predecessor', pods: [failing(broken)] },
  { name: 'a pod fails whose predecessors were evicted long ago', pods: [evicted(), failing(broken)] },
  {
    name: 'a pod fails whose predecessor is going',
    pods: [pod('old', { hash: PREVIOUS, ready: true, deleted: true }), failing(broken)],
    othersServing: [],
  },
  { name: 'the image cannot be pulled yet', pods: [old, failing(noImage)] },
  {
    name: 'the image could not be pulled until the deadline',
    pods: [old, failing(noImage)],
    children: { deployment: deployment({ conditions: late }) },
    refusal: { reason: 'ImagePullFailed', mayPass: true },
  },
  {
    name: 'the new pod is silent until the deadline',
    pods: [old, pod('new')],
    children: { deployment: deployment({ conditions: late }) },
    refusal: { reason: 'ProgressDeadlineExceeded', mayPass: false },
  },
  { name: 'a quota has no room yet', pods: [old], children: { deployment: deployment({ conditions: overQuota }) } },
  {
    name: 'a quota had no room until the deadline',
    pods: [old],
    children: { deployment: deployment({ conditions: [...overQuota, ...late] }) },
    refusal: { reason: 'QuotaExceeded', mayPass: true },
  },
  {
    name: 'the deadline is that of an earlier template',
    pods: [old, pod('new')],
    children: { deployment: deployment({ conditions: late }, PREVIOUS) },
  },
];

describe('gatherEvidence', () => {
  for (const { name, pods, children = {}, isServing = false, othersServing, refusal } of ROWS) {
    it(`when ${name}: ${refusal ? refusal.reason : 'no refusal'}`, () => {
      const evidence = gatherEvidence(observed({ pods, children }).children, DEPLOYED);
      expect(evidence.isServing).to.equal(isServing);
      if (othersServing) expect(evidence.othersServing).to.deep.equal(othersServing);
      if (refusal) expect(evidence.refusal).to.include(refusal);
      else expect(evidence.refusal).to.equal(undefined);
    });
  }

  it('is nothing before there is a Deployment', () => {
    const nothing = { isServing: false, refusal: undefined, othersServing: [] };
    expect(gatherEvidence(observed().children, undefined)).to.deep.equal(nothing);
  });
});
