import type { CoreV1Event } from '@kubernetes/client-node';
import { expect } from 'chai';
import { formatBytes, phaseOf } from '../../../cli/deploy/phases.ts';
import type { Situation } from '../../../cli/cluster/situation.ts';
import type { Observed } from '../../../operator/api/observed.ts';
import { computeStatus } from '../../../operator/status/compute-status.ts';
import { CURRENT, endedWith, NEW_GENERATION, NOW, observed, pod, PREVIOUS } from '../../support/observed.ts';

function situationOf(world: Observed, events: readonly CoreV1Event[] = []): Situation {
  const { modelDeployment, children } = world;
  const object = { ...modelDeployment, status: computeStatus(world) };
  return {
    modelDeployment: object,
    deployment: children.deployment,
    pods: children.pods,
    events,
    unreadable: [],
    now: NOW,
  };
}

const FOUND = `The model was found: generation ${NEW_GENERATION} (1.0 kB).`;

describe('how far a rollout is', () => {
  it('is unknown before the operator has looked', () => {
    const situation = situationOf(observed());
    const { metadata } = situation.modelDeployment;
    const newer = { ...situation.modelDeployment, metadata: Object.assign({}, metadata, { generation: 2 }) };
    expect(phaseOf({ ...situation, modelDeployment: newer })).to.deep.equal({ outcome: 'waiting', lines: [] });
  });

  it('is told by the pods of the new template, not by old ones', () => {
    const world = observed({ pods: [pod('old', { hash: PREVIOUS, ready: true }), pod('new')] });
    expect(phaseOf(situationOf(world))).to.deep.equal({
      outcome: 'waiting',
      lines: [FOUND, 'Pod new waits for a node.'],
    });
  });

  it('says that an image is pulled', () => {
    const waiting = pod('new', { hash: CURRENT });
    waiting.metadata!.uid = 'u';
    const event: CoreV1Event = {
      metadata: {},
      reason: 'Pulling',
      involvedObject: { kind: 'Pod', name: 'new', uid: 'u' },
      lastTimestamp: NOW,
    };
    const { lines } = phaseOf(situationOf(observed({ pods: [waiting] }), [event]));
    expect(lines).to.deep.equal([FOUND, 'Pod new is pulling its image.']);
  });

  it('ends when it is ready', () => {
    expect(phaseOf(situationOf(observed()))).to.deep.equal({
      outcome: 'ready',
      lines: [FOUND, `Ready: Every replica serves model generation ${NEW_GENERATION}.`],
    });
  });

  it('ends when a person must act', () => {
    const world = observed({ pods: [pod('a', { status: endedWith('ModelInvalid', 'It is a pickle.') })] });
    expect(phaseOf(situationOf(world))).to.deep.equal({ outcome: 'stalled', lines: [FOUND] });
  });

  it('goes on while nobody has to act, and says what is amiss', () => {
    const world = observed({ pods: [pod('a', { status: endedWith('StorageUnavailable', 'Wait.') })] });
    const { outcome, lines } = phaseOf(situationOf(world));
    expect(outcome).to.equal('waiting');
    expect(lines).to.include('StorageUnavailable: Wait.');
  });

  for (const [bytes, text] of [
    [0, '0 B'],
    [721, '721 B'],
    [1_024, '1.0 kB'],
    [150_000, '150 kB'],
    [4_200_000, '4.2 MB'],
    [1e9, '1.0 GB'],
  ] as const) {
    it(`calls ${bytes} bytes ${text}`, () => {
      expect(formatBytes(bytes)).to.equal(text);
    });
  }
});
