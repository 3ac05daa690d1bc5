/**
 * The install file: config/default rendered by kustomize, with the images filled in.
 * `node dev/install-yaml.ts [FILE]` writes it (default install.yaml) for the images of REGISTRY and VERSION.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { findKubectl } from './cluster/programs.ts';
import { run } from './command.ts';
import { projectVersion, releaseReference } from './images.ts';

const CONFIG = join(import.meta.dirname, '..', 'config');

export interface InstallOptions {
  readonly operatorImage: string;
  readonly runtimeImage: string;
  /** Added to the operator's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Of config/. Default `default`; `namespaced`: rights in one namespace only. */
  readonly folder?: string;
}

/** One folder of config/ as kustomize renders it. @throws CommandError */
export async function renderKustomization(folder: string): Promise<string> {
  return run(await findKubectl(), ['kustomize', join(CONFIG, folder)]);
}

/** CRD, namespace, RBAC and operator as one YAML text. @throws CommandError */
export async function renderInstallYaml(options: InstallOptions): Promise<string> {
  return fillInstallYaml(await renderKustomization(options.folder ?? 'default'), options);
}

/** @param rendered config/default or config/namespaced as kustomize renders it, of this or an earlier version */
export function fillInstallYaml(rendered: string, { operatorImage, runtimeImage, env = {} }: InstallOptions): string {
  const documents = parseAllDocuments(rendered);
  const container = ['spec', 'template', 'spec', 'containers', 0];
  const operator = documents.find((document) => document.get('kind') === 'Deployment');
  if (!operator) throw new Error('there is no Deployment among the rendered objects');
  const variables = Object.entries({ RUNTIME_IMAGE: runtimeImage, ...env }).map(([name, value]) => ({ name, value }));
  const kept = (operator.toJS() as OperatorDeployment).spec.template.spec.containers[0]!.env.filter(
    ({ name }) => !variables.some((variable) => variable.name === name),
  );
  operator.setIn([...container, 'image'], operatorImage);
  operator.setIn([...container, 'env'], operator.createNode([...kept, ...variables]));
  return documents.map((document) => document.toString({ lineWidth: 0 })).join('');
}

interface OperatorDeployment {
  spec: { template: { spec: { containers: { env: { name: string }[] }[] } } };
}

async function main(file: string): Promise<void> {
  const registry = process.env['REGISTRY'] ?? '';
  const version = process.env['VERSION'] || (await projectVersion());
  const text = await renderInstallYaml({
    operatorImage: releaseReference('operator', registry, version),
    runtimeImage: releaseReference('runtime', registry, version),
  });
  await writeFile(file, text);
  console.log(`${file}: ${(Buffer.byteLength(text) / 1000).toFixed(0)} KB; kubectl apply -f ${file}`);
}

if (import.meta.main) await main(process.argv[2] ?? 'install.yaml');
