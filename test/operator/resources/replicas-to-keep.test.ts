import { expect } from 'chai';
import type { V1Deployment } from '@kubernetes/client-node';
import { replicasToKeep } from '../../../operator/resources/index.ts';
import { modelDeployment } from '../../support/model-deployment.ts';

const autoscaled = modelDeployment({ spec: { autoscaling: { minReplicas: 2, maxReplicas: 9 } } });

function deployment(replicas: number | undefined, ...owners: string[]): V1Deployment {
  return {
    metadata: {
      managedFields: [
        ...owners.map((manager) => ({ manager, fieldsV1: { 'f:spec': { 'f:replicas': {} } } })),
        { manager: 'modeldeployment-operator', fieldsV1: { 'f:spec': { 'f:template': {} } } },
      ],
    },
    spec: { ...(replicas === undefined ? {} : { replicas }), selector: {}, template: {} },
  };
}

describe('replicasToKeep', () => {
  const rows: readonly (readonly [string, V1Deployment | undefined, number | undefined])[] = [
    ['keeps what the operator alone set', deployment(4, 'modeldeployment-operator'), 4],
    ['raises a number that would keep the autoscaler switched off', deployment(0, 'modeldeployment-operator'), 2],
    ['lets go once the autoscaler has written', deployment(4, 'kube-controller-manager'), undefined],
    ['lets go once somebody else owns it too', deployment(4, 'modeldeployment-operator', 'kubectl'), undefined],
    ['never claims a field that nobody set', deployment(1), undefined],
    ['has nothing to keep without a Deployment', undefined, undefined],
  ];
  for (const [name, live, expected] of rows) {
    it(name, () => {
      expect(replicasToKeep(autoscaled, live)).to.equal(expected);
    });
  }

  it('does not matter without autoscaling', () => {
    expect(replicasToKeep(modelDeployment(), deployment(4, 'modeldeployment-operator'))).to.equal(undefined);
  });
});
