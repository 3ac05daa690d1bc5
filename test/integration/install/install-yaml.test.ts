import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { renderInstallYaml } from '../../../dev/install-yaml.ts';

interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  rules?: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
  spec?: { template: { spec: { containers: Container[] } } };
}
interface Container {
  image: string;
  env: { name: string; value?: string }[];
}

const SECONDS = 1_000;

describe('the install YAML', () => {
  let text: string;
  let manifests: Manifest[];

  before(async function () {
    this.timeout(60 * SECONDS);
    text = await renderInstallYaml({
      operatorImage: 'registry.example.com/ml/modeldeployment-operator:1.2.3',
      runtimeImage: 'registry.example.com/ml/modeldeployment-runtime:1.2.3',
      env: { LOG_LEVEL: 'debug' },
    });
    manifests = parseAllDocuments(text).map((document) => document.toJS() as Manifest);
  });
  const ofKind = (kind: string) => manifests.filter((manifest) => manifest.kind === kind);

  it('is one file of less than 100 KB', () => expect(Buffer.byteLength(text)).to.be.below(100_000));

  it('has the CRD, the namespace, the rights and the operator', () => {
    const kinds = new Set(manifests.map(({ kind }) => kind));
    expect([...kinds]).to.include.members(['CustomResourceDefinition', 'Namespace', 'ServiceAccount', 'Deployment']);
    expect([...kinds]).to.include.members(['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding']);
  });

  it('names both images and adds to the environment', () => {
    const container = ofKind('Deployment')[0]?.spec?.template.spec.containers[0];
    expect(container?.image).to.equal('registry.example.com/ml/modeldeployment-operator:1.2.3');
    expect(container?.env).to.deep.include.members([
      { name: 'RUNTIME_IMAGE', value: 'registry.example.com/ml/modeldeployment-runtime:1.2.3' },
      { name: 'LOG_LEVEL', value: 'debug' },
      { name: 'LEADER_ELECT', value: 'true' },
    ]);
    const names = container?.env.map(({ name }) => name) ?? [];
    expect(names).to.have.length(new Set(names).size);
  });

  it('puts everything that lives in a namespace into modeldeployment-system, which enforces restricted pods', () => {
    const [namespace] = ofKind('Namespace');
    expect(namespace?.metadata.labels).to.include({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    for (const kind of ['ServiceAccount', 'Deployment', 'Role', 'RoleBinding']) {
      expect(ofKind(kind).map(({ metadata }) => metadata.namespace)).to.deep.equal(['modeldeployment-system']);
    }
  });

  it('grants no wildcard and nothing about Secrets', () => {
    for (const { rules = [] } of [...ofKind('ClusterRole'), ...ofKind('Role')]) {
      for (const { apiGroups, resources, verbs } of rules) {
        expect([...apiGroups, ...resources, ...verbs]).not.to.include('*');
        expect(resources).not.to.include('secrets');
      }
    }
  });
});
