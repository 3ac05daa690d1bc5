import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Cluster } from '../../dev/cluster/cluster.ts';
import type { Installation } from '../../dev/installation.ts';
import { readSampleFile } from '../../dev/sample-models.ts';
import { API_VERSION, KIND } from '../../operator/api/model-deployment.ts';
import type { SampleModel } from '../support/models.ts';

let current: Installation | undefined;
let currentCluster: Cluster | undefined;

/** Called once, by the hooks. */
export function setInstallation(installation: Installation, cluster: Cluster): void {
  current = installation;
  currentCluster = cluster;
}

/** The cluster that all tests share. */
export function cluster(): Cluster {
  if (!currentCluster) throw new Error('the hooks did not run: use test/e2e/.mocharc.json');
  return currentCluster;
}

/** The operator and emulator that all tests share. */
export function installation(): Installation {
  if (!current) throw new Error('the hooks did not run: use test/e2e/.mocharc.json');
  return current;
}

/** A namespace for one test file, in which only pods of the `restricted` Pod Security level are admitted. */
export class TestNamespace {
  readonly name = `e2e-${randomBytes(4).toString('hex')}`;

  async create(): Promise<void> {
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await installation().kubectl.apply(
      JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.name, labels } }),
    );
  }

  async delete(): Promise<void> {
    await installation().kubectl.run(['delete', 'namespace', this.name, '--ignore-not-found', '--timeout=90s']);
  }

  /** Applies an object whose metadata names no namespace. */
  async apply(object: object): Promise<void> {
    await installation().kubectl.run(['--namespace', this.name, 'apply', '-f', '-'], JSON.stringify(object));
  }

  /** Applies a ModelDeployment of that name and spec. */
  applyModel(name: string, spec: object): Promise<void> {
    return this.apply(modelDeployment(name, spec));
  }

  /** Merges fields into its spec. */
  async patchModel(name: string, spec: object): Promise<void> {
    await this.kubectl('patch', 'modeldeployment', name, '--type=merge', '-p', JSON.stringify({ spec }));
  }

  /** @returns standard output */
  kubectl(...args: readonly string[]): Promise<string> {
    return installation().kubectl.run(['--namespace', this.name, ...args]);
  }
}

/** A ModelDeployment as users write it. */
export function modelDeployment(name: string, spec: object): object {
  return { apiVersion: API_VERSION, kind: KIND, metadata: { name }, spec };
}

/** Uploads a sample file. @returns its generation */
export async function upload(bucket: string, object: string, file: string): Promise<string> {
  return installation().withEmulator(async (emulator) => {
    await emulator.createBucket(bucket);
    return emulator.upload(bucket, object, await readSampleFile(file));
  });
}

/** Uploads a sample file into the bucket `models`. @returns its path and generation */
export async function uploadSample(file: string, object: string): Promise<{ path: string; generation: string }> {
  return { path: `gs://models/${object}`, generation: await upload('models', object, file) };
}

/** Uploads a sample model with the files beside it into a folder of the bucket `models`. @returns the folder's path */
export async function uploadModel({ file, extraFiles }: SampleModel, folder: string): Promise<{ path: string }> {
  return installation().withEmulator(async (emulator) => {
    await emulator.createBucket('models');
    for (const path of [...extraFiles, file]) {
      await emulator.upload('models', `${folder}/${basename(path)}`, await readFile(path));
    }
    return { path: `gs://models/${folder}/` };
  });
}
