import { ClusterError } from './cluster.ts';

/** What the choice depends on. */
export interface Machine {
  /** The variable CLUSTER. */
  readonly wanted: string | undefined;
  readonly dockerAnswers: boolean;
  readonly hasKind: boolean;
  readonly platform: NodeJS.Platform;
  readonly isRoot: boolean;
}

export type ClusterKind = 'current' | 'kind' | 'node';

/**
 * Which cluster to use: the current context only when asked for, kind where Docker is, else a node in namespaces.
 * @throws ClusterError that says what to install or set
 */
export function chooseCluster(machine: Machine): ClusterKind {
  const { wanted = '', dockerAnswers, hasKind } = machine;
  if (wanted !== '') return checkWanted(wanted, machine);
  if (dockerAnswers && hasKind) return 'kind';
  if (dockerAnswers) throw new ClusterError(`Docker answers, but kind is missing: ${INSTALL_KIND}`);
  if (canRunNode(machine)) return 'node';
  throw new ClusterError(
    'there is nothing to run pods on: start Docker and install kind, or run this on Linux as root, ' +
      'or set CLUSTER=current to use the current kubectl context',
  );
}

const canRunNode = ({ platform, isRoot }: Machine): boolean => platform === 'linux' && isRoot;

function checkWanted(wanted: string, machine: Machine): ClusterKind {
  switch (wanted) {
    case 'current':
      return 'current';
    case 'kind':
      if (machine.dockerAnswers && machine.hasKind) return 'kind';
      throw new ClusterError(
        machine.dockerAnswers ? `CLUSTER=kind: ${INSTALL_KIND}` : 'CLUSTER=kind needs Docker: start its engine',
      );
    case 'node':
      if (canRunNode(machine)) return 'node';
      throw new ClusterError('CLUSTER=node needs Linux and root');
    default:
      throw new ClusterError(`CLUSTER=${wanted}: expected current, kind or node`);
  }
}

const INSTALL_KIND = 'install it, for example by `go install sigs.k8s.io/kind@latest` or from https://kind.sigs.k8s.io';
