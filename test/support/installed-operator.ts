import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ControlPlane } from '../../dev/control-plane.ts';
import { sharedStorageEmulator } from './bucket.ts';
import { soon } from './operator-bed.ts';
import { startOperator, type OperatorProcess } from './operator-process.ts';

export const OPERATOR_NAMESPACE = 'modeldeployment-system';
/** Who the operator's pod is to the API server. */
export const OPERATOR_USER = `system:serviceaccount:${OPERATOR_NAMESPACE}:modeldeployment-operator`;

/**
 * The operator of an installation that has been applied to a control plane, with the rights that its service account got from
 * it: there are no nodes, so its Deployment's pod never starts, and this process takes its place.
 */
export async function startInstalledOperator(
  controlPlane: ControlPlane,
  env: Readonly<Record<string, string>> = {},
): Promise<OperatorProcess> {
  await authorizerKnowsRights(controlPlane, env['WATCH_NAMESPACES']?.split(','));
  const operator = await startOperator({
    kubeconfig: await serviceAccountKubeconfig(controlPlane),
    env: {
      LEADER_ELECT: 'true',
      POD_NAMESPACE: OPERATOR_NAMESPACE,
      STORAGE_EMULATOR_HOST: (await sharedStorageEmulator()).url,
      ...env,
    },
  });
  await operator.untilReady();
  return operator;
}

/** What the API server refused it for want of a right, as `verb resource in namespace`. */
export async function refusedRequests(controlPlane: ControlPlane): Promise<string[]> {
  const requests = await controlPlane.requests({ user: OPERATOR_USER });
  return requests
    .filter(({ status }) => status === 401 || status === 403)
    .map(({ verb, resource, namespace }) => `${verb} ${resource} in ${namespace}`);
}

/** The API server's authorizer reads roles from a cache of its own, a moment after they were written: who asks in that moment is refused. */
async function authorizerKnowsRights(controlPlane: ControlPlane, namespaces?: readonly string[]): Promise<void> {
  const where = namespaces?.map((namespace) => `--namespace=${namespace}`) ?? ['--all-namespaces'];
  for (const scope of where) {
    const question = ['auth', 'can-i', 'list', 'modeldeployments', scope, `--as=${OPERATOR_USER}`];
    await soon(() => controlPlane.kubectl(question));
  }
}

/** With a token such as the kubelet would mount into the pod. @returns the file */
async function serviceAccountKubeconfig(controlPlane: ControlPlane): Promise<string> {
  const args = ['create', 'token', 'modeldeployment-operator', `--namespace=${OPERATOR_NAMESPACE}`];
  const token = (await controlPlane.kubectl(args)).trim();
  const kubeconfig = JSON.parse(await readFile(controlPlane.kubeconfig, 'utf8')) as { users: { user: object }[] };
  kubeconfig.users[0]!.user = { token };
  const file = join(controlPlane.directory, 'operator.kubeconfig');
  await writeFile(file, JSON.stringify(kubeconfig), { mode: 0o600 });
  return file;
}
