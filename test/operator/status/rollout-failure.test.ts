import { expect } from 'chai';
import type { V1Deployment } from '@kubernetes/client-node';
import type { Problem } from '../../../operator/api/observed.ts';
import { computeRefusal, isPastDeadline } from '../../../operator/status/rollout-failure.ts';
import { CURRENT, deployment, recorded } from '../../support/observed.ts';

const DESIRED = { templateHash: CURRENT, generation: undefined };

describe('computeRefusal', () => {
  const rows: readonly (readonly [name: string, problem: Problem | undefined])[] = [
    [
      'quota',
      {
        reason: 'QuotaExceeded',
        message:
          'Pods are refused: exceeded quota: compute, requested: requests.cpu=100m, used: requests.cpu=0, limited: requests.cpu=50m.',
      },
    ],
    [
      'quota-unset',
      {
        reason: 'QuotaExceeded',
        message: 'Pods are refused: failed quota: compute: must specify requests.cpu for: runtime.',
      },
    ],
    [
      'pod-security',
      {
        reason: 'InvalidSpec',
        message:
          'Pods are refused: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "runtime" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "runtime" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "runtime" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "runtime" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost").',
      },
    ],
    [
      'service-account',
      {
        reason: 'InvalidSpec',
        message:
          'Pods are refused: error looking up service account recorded-states/reader: serviceaccount "reader" not found.',
      },
    ],
    ['loading', undefined],
  ];
  for (const [name, problem] of rows) {
    it(`of the recorded Deployment ${name}: ${problem?.reason ?? 'nothing'}`, () => {
      expect(computeRefusal(recorded(`deployments/${name}`) as V1Deployment, DESIRED)).to.deep.equal(problem);
    });
  }

  function refused(message: string): V1Deployment {
    return deployment({ conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }] });
  }

  /** As after a write that the Deployment controller has not seen. */
  function unseen(live: V1Deployment): V1Deployment {
    return Object.assign(live, { metadata: Object.assign({}, live.metadata, { generation: 2 }) });
  }

  it('takes an outage of a webhook for what it is: it passes', () => {
    const message = 'Internal error occurred: failed calling webhook "x.example.com": connection refused';
    expect(computeRefusal(refused(message), DESIRED)).to.equal(undefined);
  });

  const stale: readonly (readonly [
    name: string,
    deployment: V1Deployment | undefined,
    desired: typeof DESIRED | undefined,
  ])[] = [
    ['there is no Deployment', undefined, DESIRED],
    ['nothing is desired', refused('pods "a" is forbidden: x'), undefined],
    ['it is about another template', refused('pods "a" is forbidden: x'), { ...DESIRED, templateHash: 'next' }],
    ['the controller has not seen the newest template yet', unseen(refused('pods "a" is forbidden: x')), DESIRED],
  ];
  for (const [name, live, desired] of stale) {
    it(`says nothing when ${name}`, () => {
      expect(computeRefusal(live, desired)).to.equal(undefined);
    });
  }
});

describe('isPastDeadline', () => {
  it('reads it off the recorded Deployment that is late', () => {
    expect(isPastDeadline(recorded('deployments/late') as V1Deployment, DESIRED)).to.equal(true);
  });

  it('is false while a rollout goes on', () => {
    expect(isPastDeadline(recorded('deployments/loading') as V1Deployment, DESIRED)).to.equal(false);
  });

  it('does not count the deadline of an earlier template', () => {
    expect(isPastDeadline(recorded('deployments/late') as V1Deployment, { ...DESIRED, templateHash: 'next' })).to.equal(
      false,
    );
  });
});
