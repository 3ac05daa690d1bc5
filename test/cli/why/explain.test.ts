import type { CoreV1Event, V1Deployment, V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import { explain } from '../../../cli/why/explain.ts';
import type { Explanation, Standing } from '../../../cli/why/explanation.ts';
import { renderExplanation } from '../../../cli/why/render.ts';
import type { Situation } from '../../../cli/cluster/situation.ts';
import { ANNOTATIONS } from '../../../operator/api/labels.ts';
import { REASONS, type Reason } from '../../../operator/api/model-deployment.ts';
import type { Observed } from '../../../operator/api/observed.ts';
import { computeStatus } from '../../../operator/status/compute-status.ts';
import { modelDeployment } from '../../support/model-deployment.ts';
import { CURRENT, NOW, observed, pod, recorded } from '../../support/observed.ts';
import { recordedTerminal } from '../../support/terminal.ts';
import type { KStatus } from '../../support/kstatus.ts';
import { STATES } from '../../operator/status/states.ts';

const OPTIONS = { kubectlFlags: ' -n ml', program: 'modeldeployment' };

/** What a user's requests would read at a moment that the operator has judged. */
function situationOf(world: Observed, events: readonly CoreV1Event[] = []): Situation {
  const { modelDeployment, children, rejection, now } = world;
  const metadata = Object.assign({}, children.deployment?.metadata);
  // The operator keeps what it has refused in this annotation.
  if (rejection) metadata.annotations = { ...metadata.annotations, [ANNOTATIONS.rejection]: JSON.stringify(rejection) };
  return {
    modelDeployment: { ...modelDeployment, status: computeStatus(world) },
    deployment: children.deployment && Object.assign({}, children.deployment, { metadata }),
    pods: children.pods,
    events,
    unreadable: [],
    now,
  };
}

const STANDING: Readonly<Record<KStatus, Standing | undefined>> = {
  Current: 'fine',
  InProgress: 'waiting',
  Failed: 'stuck',
  Terminating: undefined,
};

/** The reason in brackets that ModelRejected sums up, for states of the table. */
function expectedCause({ reason, message }: { reason: Reason; message: string }): string {
  return reason === 'ModelRejected' ? (/refused \((\w+)\)/.exec(message)?.[1] ?? reason) : reason;
}

describe('why, over every state of the operator', () => {
  for (const state of STATES) {
    it(`${state.name}: ${expectedCause(state)}`, () => {
      const explanation = explain(situationOf(state.observed), OPTIONS);
      expect(explanation.reason).to.equal(state.reason);
      expect(explanation.cause).to.equal(expectedCause(state));
      expect(explanation.message).to.include(state.message);
      if (state.reason !== 'Paused') expect(explanation.standing).to.equal(STANDING[state.kstatus]);
    });
  }

  it('covers every reason that Ready can carry', () => {
    const seen = new Set(STATES.map(({ reason }) => reason));
    const only = new Set(['Resolved', 'ResolvedByPods', 'Serving']);
    expect(Object.keys(REASONS).filter((reason) => !seen.has(reason as Reason) && !only.has(reason))).to.deep.equal([]);
  });

  it('gives a next command without a placeholder for each', () => {
    for (const state of STATES) {
      const { next, standing } = explain(situationOf(state.observed), OPTIONS);
      expect(next, state.name).to.have.length(standing === 'fine' && state.reason === 'Ready' ? 0 : 1);
      for (const command of next) expect(command).not.to.match(/\b(NAME|BUCKET|FOLDER)\b/);
    }
  });
});

/** The last recorded state of pods on a real cluster, and what is behind it. */
const RECORDED: readonly (readonly [file: string, cause: string, evidence: RegExp])[] = [
  ['termination-message', 'ModelInvalid', /ended and said ModelInvalid: /],
  ['log-tail', 'ModelInvalid', /ended and said ModelInvalid: /],
  ['out-of-memory', 'OutOfMemory', /was killed for using more memory than its limit/],
  ['image-pull', 'ImagePullFailed', /waits: (ImagePullBackOff|ErrImagePull)/],
  ['image-name', 'ImagePullFailed', /waits: InvalidImageName/],
  ['unschedulable', 'Unschedulable', /waits for a node: 0\/1 nodes are available/],
  ['node-selector', 'Unschedulable', /waits for a node: 0\/1 nodes are available/],
  ['no-claim', 'Unschedulable', /waits for a node: .*persistentvolumeclaim/],
  ['config-error', 'InvalidSpec', /waits: CreateContainerConfigError/],
  ['silent-crash', 'CrashLooping', /ended with exit code/],
  ['start-error', 'CrashLooping', /ended with exit code|waits: RunContainerError/],
  ['clean-exit', 'CrashLooping', /ended with exit code 0/],
  ['sidecar-crash', 'CrashLooping', /container \S+ restarted/],
  ['loading', 'RolloutInProgress', /runs, is not ready|is starting/],
];

describe('why, over pods recorded on a real cluster', () => {
  for (const [file, cause, evidence] of RECORDED) {
    it(`${file}: ${cause}`, () => {
      const last = (recorded(`pods/${file}`) as V1Pod[]).at(-1)!;
      const explanation = explain(situationOf(observed({ pods: [last] })), OPTIONS);
      expect(explanation.cause).to.equal(cause);
      expect(explanation.evidence.map(({ text }) => text).join('\n')).to.match(evidence);
    });
  }

  for (const [file, cause] of [
    ['quota', 'QuotaExceeded'],
    ['quota-unset', 'QuotaExceeded'],
    ['pod-security', 'InvalidSpec'],
    ['service-account', 'InvalidSpec'],
    ['late', 'ProgressDeadlineExceeded'],
  ] as const) {
    it(`a Deployment of ${file}: ${cause}`, () => {
      const deployment = recorded(`deployments/${file}`) as V1Deployment;
      const hash = deployment.metadata?.annotations?.[ANNOTATIONS.templateHash] ?? CURRENT;
      const world = observed({
        pods: file === 'late' ? [pod('a', { hash })] : [],
        desired: { templateHash: hash, generation: '1' },
        children: { deployment },
      });
      expect(explain(situationOf(world), OPTIONS).cause).to.equal(cause);
    });
  }
});

describe('an explanation', () => {
  const behind = (generation: number): Explanation => {
    const object = modelDeployment({ metadata: { generation } });
    const world = { ...observed(), modelDeployment: object };
    const situation = situationOf(world);
    const status = { ...situation.modelDeployment.status, observedGeneration: 1 };
    return explain({ ...situation, modelDeployment: { ...object, status } }, OPTIONS);
  };

  it('says nothing of an earlier spec', () => {
    expect(behind(2)).to.include({ standing: 'waiting', reason: undefined, cause: 'NotObserved' });
    expect(behind(2).message).to.equal('The operator has handled version 1 of this object, not yet version 2.');
    expect(behind(2).next).to.deep.equal(['modeldeployment doctor -n ml']);
    expect(behind(1).cause).to.equal('Ready');
  });

  it('says that no operator has looked', () => {
    const { modelDeployment: object, ...rest } = situationOf(observed());
    const { status: _, ...unseen } = object;
    const { message, evidence } = explain({ ...rest, modelDeployment: unseen, pods: [] }, OPTIONS);
    expect(message).to.equal('No operator has looked at this object yet.');
    expect(evidence).to.deep.equal([{ source: 'pods', text: 'there are none' }]);
  });

  it('tells what fails beside pods that serve', () => {
    const resolution = { kind: 'failed', retryable: true, reason: 'StorageUnavailable', message: 'Wait.' } as const;
    const { message, standing } = explain(situationOf(observed({ resolution })), OPTIONS);
    expect(standing).to.equal('fine');
    expect(message).to.match(/^Every replica serves .* But: Wait\.$/);
  });

  it('shows the last warnings, each once, and what may not be read', () => {
    const event = (message: string, minute: number): CoreV1Event => ({
      metadata: {},
      type: 'Warning',
      reason: 'FailedMount',
      message,
      count: 2,
      lastTimestamp: new Date(NOW.getTime() - minute * 60_000),
      involvedObject: { kind: 'Pod', name: 'a' },
    });
    const situation = situationOf(observed({ pods: [pod('a')] }), [event('no disk', 5), event('no disk', 3)]);
    const { evidence } = explain({ ...situation, unreadable: ['you may not list events'] }, OPTIONS);
    expect(evidence.slice(-2)).to.deep.equal([
      { source: 'event 3m ago', text: 'FailedMount of Pod a (2 times): no disk' },
      { source: 'not seen', text: 'you may not list events' },
    ]);
  });

  it('fits into 80 columns, but for commands', () => {
    for (const { observed: world, name } of STATES) {
      const { terminal } = recordedTerminal();
      const lines = renderExplanation(explain(situationOf(world), OPTIONS), terminal);
      const text = lines.slice(0, lines.includes('Next:') ? lines.indexOf('Next:') : lines.length);
      const selector = 'app.kubernetes.io/name=modeldeployment,app.kubernetes.io/instance=iris.';
      for (const line of text) if (!line.includes(selector)) expect(line.length, `${name}: ${line}`).to.be.at.most(80);
    }
  });
});
