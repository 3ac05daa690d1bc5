import { expect } from 'chai';
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import type { Reason } from '../../../operator/api/model-deployment.ts';
import type { Problem } from '../../../operator/api/observed.ts';
import { chooseProblem, computeFailure } from '../../../operator/status/failure-reason.ts';
import { containerStatus, endedWith, pod, recorded, type PodStatus } from '../../support/observed.ts';

const WORDS = 'gs://models/iris/model.onnx is not an ONNX file: it starts like an HTML page; upload the file again.';

describe('computeFailure', () => {
  describe('of recorded pods', () => {
    const rows: readonly (readonly [name: string, reason: Reason, message: string])[] = [
      [
        'image-pull',
        'ImagePullFailed',
        'The image registry.invalid/modeldeployment-runtime:0.1.0 cannot be pulled: check spec.image and spec.imagePullSecrets.',
      ],
      [
        'image-name',
        'ImagePullFailed',
        'The image Not An Image cannot be pulled: check spec.image and spec.imagePullSecrets.',
      ],
      ['config-error', 'InvalidSpec', 'Container runtime cannot be made: secret "gcs-reader" not found.'],
      [
        'start-error',
        'CrashLooping',
        'Container runtime cannot be started: failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/no/such/program": stat /no/such/program: no such file or directory.',
      ],
      [
        'out-of-memory',
        'OutOfMemory',
        'The container used more memory than its limit of 64Mi: raise spec.resources.limits.memory.',
      ],
      ['termination-message', 'ModelInvalid', WORDS],
      ['log-tail', 'ModelInvalid', WORDS],
      [
        'silent-crash',
        'CrashLooping',
        'The container ends again and again with exit code 3 and gives no reason: read its log with kubectl logs --previous.',
      ],
      [
        'clean-exit',
        'CrashLooping',
        'The container ends again and again with exit code 0 and gives no reason: read its log with kubectl logs --previous.',
      ],
      [
        'sidecar-crash',
        'CrashLooping',
        'Container proxy ends again and again with exit code 4 and gives no reason: read its log with kubectl logs --previous.',
      ],
      ['unschedulable', 'Unschedulable', 'No node can take the pod: 0/1 nodes are available: 1 Insufficient cpu.'],
      [
        'node-selector',
        'Unschedulable',
        "No node can take the pod: 0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
      ],
      [
        'no-claim',
        'Unschedulable',
        'No node can take the pod: 0/1 nodes are available: persistentvolumeclaim "models" not found. not found.',
      ],
    ];
    for (const [name, reason, message] of rows) {
      it(`${name}: says ${reason} once it is known, and then always the same`, () => {
        const failures = (recorded(`pods/${name}`) as V1Pod[]).map((state) => computeFailure([state]));
        const first = failures.findIndex((failure) => failure !== undefined);
        expect(first).not.to.equal(-1);
        for (const failure of failures.slice(first)) expect(failure).to.deep.equal({ reason, message });
      });
    }

    for (const name of ['loading', 'late']) {
      it(`${name}: says nothing of a pod that is on its way`, () => {
        for (const state of recorded(`pods/${name}`) as V1Pod[]) expect(computeFailure([state])).to.equal(undefined);
      });
    }
  });

  describe('of states that were not recorded', () => {
    const oomKilled = { exitCode: 137, reason: 'OOMKilled', finishedAt: new Date('2026-03-01T11:00:00Z') };
    const running = { running: { startedAt: new Date('2026-03-01T11:00:02Z') } };
    const unready = (since: string): PodStatus => ({
      conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: new Date(since) }],
    });
    const afterOom: Partial<V1ContainerStatus> = {
      restartCount: 1,
      state: running,
      lastState: { terminated: oomKilled },
    };

    const rows: readonly (readonly [name: string, pods: readonly V1Pod[], reason: Reason | undefined])[] = [
      ['no pods', [], undefined],
      ['a pod without any status', [pod('a', { status: {} })], undefined],
      [
        'a failing pod that is being deleted',
        [pod('a', { deleted: true, status: endedWith('ModelInvalid', 'x') })],
        undefined,
      ],
      [
        'an evicted pod',
        [pod('a', { status: { ...endedWith('ModelInvalid', 'x'), phase: 'Failed', reason: 'Evicted' } })],
        undefined,
      ],
      [
        'a ready container that was killed before',
        [pod('a', { status: containerStatus({ ...afterOom, ready: true }) })],
        undefined,
      ],
      [
        'a container that starts again after it was killed',
        [pod('a', { status: { ...containerStatus(afterOom), ...unready('2026-03-01T11:00:03Z') } })],
        'OutOfMemory',
      ],
      [
        'a container that was killed, became ready, and is unready now for another reason',
        [pod('a', { status: { ...containerStatus(afterOom), ...unready('2026-03-01T11:45:00Z') } })],
        undefined,
      ],
      [
        'the first end without a word',
        [
          pod('a', {
            status: containerStatus({ restartCount: 1, state: running, lastState: { terminated: { exitCode: 1 } } }),
          }),
        ],
        undefined,
      ],
      ['a reason that no runtime of ours writes', [pod('a', { status: endedWith('Whatever', 'x') })], 'CrashLooping'],
      [
        'an init container whose image cannot be pulled',
        [
          pod('a', {
            status: {
              initContainerStatuses: [
                {
                  name: 'proxy-init',
                  image: 'mesh/init:1',
                  imageID: '',
                  ready: false,
                  restartCount: 0,
                  state: { waiting: { reason: 'ErrImagePull' } },
                },
              ],
            },
          }),
        ],
        'ImagePullFailed',
      ],
      [
        'a pod held back by a scheduling gate',
        [pod('a', { status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] } })],
        undefined,
      ],
    ];
    for (const [name, pods, reason] of rows) {
      it(`${name}: ${reason ?? 'nothing'}`, () => {
        expect(computeFailure(pods)?.reason).to.equal(reason);
      });
    }

    it('makes one sentence of words with line breaks', () => {
      const words = ' ends \n here ';
      expect(computeFailure([pod('a', { status: endedWith('ModelInvalid', words) })])?.message).to.equal('ends here.');
    });
  });
});

describe('chooseProblem', () => {
  const problem = (reason: Reason, message = 'x'): Problem => ({ reason, message });

  const rows: readonly (readonly [
    name: string,
    problems: readonly (Problem | undefined)[],
    expected: Problem | undefined,
  ])[] = [
    ['nothing of nothing', [undefined, undefined], undefined],
    ['the model before the node', [problem('Unschedulable'), problem('ModelInvalid')], problem('ModelInvalid')],
    [
      'the pod`s words before a silent crash',
      [problem('CrashLooping'), problem('ModelAccessDenied')],
      problem('ModelAccessDenied'),
    ],
    ['memory before a crash', [problem('CrashLooping'), problem('OutOfMemory')], problem('OutOfMemory')],
    [
      'what a person must mend before what mends itself',
      [problem('StorageUnavailable'), problem('QuotaExceeded')],
      problem('QuotaExceeded'),
    ],
    [
      'by message where reasons are equal',
      [problem('CrashLooping', 'b'), problem('CrashLooping', 'a')],
      problem('CrashLooping', 'a'),
    ],
  ];
  for (const [name, problems, expected] of rows) {
    it(`tells ${name}, in any order`, () => {
      expect(chooseProblem(problems)).to.deep.equal(expected);
      expect(chooseProblem([...problems].reverse())).to.deep.equal(expected);
    });
  }
});
