import { ClusterError, type Cluster, type Image } from './cluster/cluster.ts';
import { EMULATOR_HOST, EMULATOR_NAMESPACE, EMULATOR_PORT, GcsEmulator } from './gcs-emulator.ts';
import type { ImageName } from './images.ts';
import { ensureImage } from './images.ts';
import { fillInstallYaml, renderInstallYaml, renderKustomization } from './install-yaml.ts';
import type { Kubectl } from './kubectl.ts';
import { ensureProgramImage } from './program-image.ts';
import { step } from './progress.ts';

export const OPERATOR_NAMESPACE = 'modeldeployment-system';
const CRD = 'customresourcedefinition/modeldeployments.modeldeployment.dev';

/** Operator and storage emulator on a cluster, as the demo and the end-to-end tests have them. */
export interface Installation {
  readonly kubectl: Kubectl;
  readonly operatorImage: string;
  readonly runtimeImage: string;
  readonly emulatorImage: string;
  /**
   * Applies the install file and waits until the operator of this checkout runs by it.
   * @param rendered config/default of an earlier version, as kustomize rendered it; default: this one's
   */
  installOperator(rendered?: string): Promise<void>;
  /** Works with the emulator's API through a forwarded port. */
  withEmulator<Result>(work: (emulator: GcsEmulator) => Promise<Result>): Promise<Result>;
}

export interface InstallationOptions {
  /** STORAGE_EMULATOR_HOST of operator and pods. Default: the emulator. */
  readonly storageHost?: string;
}

/** Builds, loads and installs everything on a cluster; what is there and unchanged stays. */
export async function install(
  cluster: Cluster,
  { storageHost = EMULATOR_HOST }: InstallationOptions = {},
): Promise<Installation> {
  const kubectl = await step(`Bringing up ${cluster.description}`, (setDetail) => cluster.up(setDetail));
  const operator = await image('operator', cluster);
  const runtime = await image('runtime', cluster);
  const emulatorYaml = await renderKustomization('emulator');
  await step('Loading the images', async () =>
    cluster.load([operator, runtime, ...(await emulatorImages(cluster, emulatorYaml))]),
  );
  await step('Installing the storage emulator', async () => {
    await kubectl.apply(emulatorYaml);
    await rolledOut(kubectl, EMULATOR_NAMESPACE, 'gcs');
  });
  const options = {
    operatorImage: operator.reference,
    runtimeImage: runtime.reference,
    env: { STORAGE_EMULATOR_HOST: storageHost, MODEL_POLL_INTERVAL: '5s' },
  };
  const installOperator = async (rendered?: string): Promise<void> => {
    await kubectl.apply(fillInstallYaml(rendered ?? (await renderKustomization('default')), options));
    await kubectl.run(['wait', '--for=condition=Established', '--timeout=30s', CRD]);
    await rolledOut(kubectl, OPERATOR_NAMESPACE, 'modeldeployment-operator');
  };
  await step('Installing the operator', () => installOperator());
  return {
    kubectl,
    operatorImage: operator.reference,
    runtimeImage: runtime.reference,
    emulatorImage: emulatorReference(emulatorYaml),
    installOperator,
    async withEmulator(work) {
      await using forward = await kubectl.portForward(EMULATOR_NAMESPACE, 'service/gcs', EMULATOR_PORT);
      return await work(new GcsEmulator(forward.url));
    },
  };
}

/**
 * Removes from a cluster that stays what `install` put there.
 * @param sample file of a ModelDeployment to remove with it
 * @throws ClusterError when there are other ModelDeployments: they would go with their CRD
 */
export async function uninstall(kubectl: Kubectl, sample?: string): Promise<void> {
  if (await kubectl.get([CRD])) {
    if (sample !== undefined) await kubectl.run(['delete', '--ignore-not-found', '--cascade=foreground', '-f', sample]);
    const others = await kubectl.run(['get', 'modeldeployments', '--all-namespaces', '-o', 'name']);
    if (others !== '') throw new ClusterError(`delete these first, or keep what serves them:\n${others}`);
  }
  const install = await renderInstallYaml({ operatorImage: 'any', runtimeImage: 'any' });
  for (const yaml of [install, await renderKustomization('emulator')]) {
    await kubectl.run(['delete', '--ignore-not-found', '-f', '-'], yaml);
  }
}

/** OPERATOR_IMAGE and RUNTIME_IMAGE name images in a registry; without them they are built from this checkout. */
async function image(name: ImageName, cluster: Cluster): Promise<Image> {
  const given = process.env[`${name.toUpperCase()}_IMAGE`];
  if (given) return { reference: given, archive: undefined };
  if (!cluster.isOurs) {
    throw new ClusterError(
      `${cluster.description} has to pull the images: push them (make images push REGISTRY=...) and set OPERATOR_IMAGE and RUNTIME_IMAGE to their names`,
    );
  }
  return step(`Building the ${name} image`, (setDetail) => ensureImage(name, setDetail));
}

/** A cluster in namespaces reaches no registry; others pull the emulator themselves. */
async function emulatorImages(cluster: Cluster, yaml: string): Promise<Image[]> {
  if (cluster.pulls) return [];
  return [await ensureProgramImage('fake-gcs-server', `docker.io/${emulatorReference(yaml)}`)];
}

function emulatorReference(yaml: string): string {
  return /image: (\S+)/.exec(yaml)![1]!;
}

async function rolledOut(kubectl: Kubectl, namespace: string, deployment: string): Promise<void> {
  await kubectl.run(['rollout', 'status', '--namespace', namespace, `deployment/${deployment}`, '--timeout=120s']);
}
