import type { KubernetesObject } from '@kubernetes/client-node';
import { expect } from 'chai';
import { RESOURCES } from '../../../operator/cluster/resources.ts';
import { trim } from '../../../operator/cluster/trim.ts';

const OPERATOR = 'modeldeployment-operator';
const entry = (manager: string, second: number, more: object = {}): object => ({
  manager,
  operation: 'Update',
  time: `2026-01-01T00:00:0${second}Z`,
  fieldsV1: { 'f:spec': { 'f:replicas': {}, 'f:template': {} } },
  ...more,
});

/** What is left of `managedFields`. */
function trimmed(resource: keyof typeof RESOURCES, managedFields: readonly object[]): unknown {
  const object = { metadata: { name: 'iris', managedFields } } as unknown as KubernetesObject;
  trim(object, RESOURCES[resource]);
  return object.metadata?.managedFields;
}

describe('trim', () => {
  it('gives items of a list their kind', () => {
    const object: KubernetesObject = { metadata: { name: 'iris' } };
    trim(object, RESOURCES.deployment);
    expect(object).to.include({ apiVersion: 'apps/v1', kind: 'Deployment' });
  });

  it('keeps of a child who wrote last besides the operator', () => {
    const managers = [entry(OPERATOR, 9), entry('helm', 1), entry('kubectl-edit', 3)];
    expect(trimmed('service', managers)).to.deep.equal([{ manager: 'kubectl-edit', time: '2026-01-01T00:00:03Z' }]);
  });

  it('takes neither who writes status nor Kubernetes’ own controllers for the one who changed something', () => {
    const managers = [
      entry('kubectl-edit', 1),
      entry('kube-controller-manager', 5),
      entry('kubelet', 7, { subresource: 'status' }),
    ];
    expect(trimmed('service', managers)).to.deep.equal([{ manager: 'kubectl-edit', time: '2026-01-01T00:00:01Z' }]);
    expect(trimmed('service', [entry('kube-controller-manager', 5)])).to.have.lengthOf(1);
    expect(trimmed('service', [])).to.deep.equal([]);
  });

  it('keeps of a Deployment who owns replicas, for the hand-over to an autoscaler', () => {
    const scale = entry('kube-controller-manager', 2, { subresource: 'scale' });
    expect(trimmed('deployment', [entry(OPERATOR, 1), scale])).to.deep.equal([
      { manager: 'kube-controller-manager', time: '2026-01-01T00:00:02Z' },
      { manager: OPERATOR, fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
      { manager: 'kube-controller-manager', subresource: 'scale', fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
    ]);
  });

  it('keeps nothing of it elsewhere, and no copy of what kubectl applied', () => {
    const object = {
      metadata: {
        managedFields: [entry('kubectl', 1)],
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', own: '1' },
      },
    } as unknown as KubernetesObject;
    trim(object, RESOURCES.modelDeployment);
    expect(object.metadata).to.deep.equal({ annotations: { own: '1' } });
  });

  it('keeps of a pod’s spec what messages name, and its status whole', () => {
    const container = { name: 'runtime', image: 'i', resources: { limits: { memory: '1Gi' } } };
    const status = { phase: 'Running', containerStatuses: [{ name: 'runtime' }] };
    const pod = {
      metadata: { name: 'p' },
      spec: {
        nodeName: 'n',
        serviceAccountName: 's',
        volumes: [{ name: 'v' }],
        containers: [{ ...container, env: [{ name: 'A' }] }],
      },
      status,
    } as KubernetesObject;
    trim(pod, RESOURCES.pod);
    expect(pod).to.deep.include({
      spec: { nodeName: 'n', serviceAccountName: 's', containers: [container] },
      status,
    });
  });

  it('keeps of a pod and an EndpointSlice what status is made from', () => {
    const labels = { 'app.kubernetes.io/instance': 'iris', team: 'a' };
    const annotations = {
      'modeldeployment.dev/template-hash': 'h',
      'modeldeployment.dev/model-generation': '7',
      other: 'x',
    };
    const metadata = { name: 'iris-1', namespace: 'default', uid: 'u', resourceVersion: '1', deletionTimestamp: 't' };
    const ready = {
      type: 'Ready',
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'm',
      lastTransitionTime: 't',
    };
    const runtime = {
      name: 'runtime',
      image: 'i',
      ready: false,
      restartCount: 3,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
    };
    const pod = {
      metadata: { ...metadata, labels, annotations, ownerReferences: [{}] },
      status: {
        phase: 'Running',
        podIP: '10.0.0.1',
        conditions: [{ ...ready, lastProbeTime: null }],
        containerStatuses: [{ ...runtime, imageID: 'sha256:1', containerID: 'containerd://1', volumeMounts: [{}] }],
      },
    } as unknown as KubernetesObject;
    trim(pod, RESOURCES.pod);
    const kept = {
      ...metadata,
      labels: { 'app.kubernetes.io/instance': 'iris' },
      annotations: { 'modeldeployment.dev/template-hash': 'h', 'modeldeployment.dev/model-generation': '7' },
    };
    expect(pod).to.deep.equal({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: kept,
      status: { phase: 'Running', conditions: [ready], containerStatuses: [runtime] },
    });
    const endpoint = {
      conditions: { ready: true },
      targetRef: { kind: 'Pod', name: 'iris-1' },
      addresses: ['10.0.0.1'],
    };
    const slice = { metadata: { name: 's', labels }, endpoints: [endpoint, { addresses: ['10.0.0.2'] }] };
    trim(slice, RESOURCES.endpointSlice);
    expect(slice.metadata).to.deep.equal({ name: 's', labels: kept.labels });
    expect(slice.endpoints).to.deep.equal([
      { addresses: [], conditions: { ready: true }, targetRef: { name: 'iris-1' } },
      { addresses: [] },
    ]);
  });
});
