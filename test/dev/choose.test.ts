import { expect } from 'chai';
import { chooseCluster, type ClusterKind, type Machine } from '../../dev/cluster/choose.ts';
import { ClusterError } from '../../dev/cluster/cluster.ts';

const BARE: Machine = { wanted: undefined, dockerAnswers: false, hasKind: false, platform: 'linux', isRoot: false };
const EVERYTHING: Machine = { wanted: undefined, dockerAnswers: true, hasKind: true, platform: 'linux', isRoot: true };

describe('chooseCluster', () => {
  const chosen: readonly [name: string, machine: Machine, expected: ClusterKind][] = [
    ['kind where Docker answers, also for root', EVERYTHING, 'kind'],
    ['kind on macOS', { ...EVERYTHING, platform: 'darwin', isRoot: false }, 'kind'],
    ['a node in namespaces for root on Linux without Docker', { ...BARE, isRoot: true }, 'node'],
    ['a node in namespaces when wanted, although Docker answers', { ...EVERYTHING, wanted: 'node' }, 'node'],
    ['the current context when wanted, whatever else there is', { ...EVERYTHING, wanted: 'current' }, 'current'],
    ['the current context when wanted, with nothing else there', { ...BARE, wanted: 'current' }, 'current'],
    ['an empty variable like none', { ...EVERYTHING, wanted: '' }, 'kind'],
  ];
  for (const [name, machine, expected] of chosen) {
    it(name, () => expect(chooseCluster(machine)).to.equal(expected));
  }

  const refused: readonly [name: string, machine: Machine, message: RegExp][] = [
    ['nothing at all', BARE, /start Docker and install kind, or .*root, or set CLUSTER=current/],
    ['macOS without Docker', { ...BARE, platform: 'darwin', isRoot: true }, /nothing to run pods on/],
    ['Docker without kind, also for root', { ...EVERYTHING, hasKind: false }, /kind is missing: install it/],
    ['kind wanted without Docker', { ...BARE, hasKind: true, wanted: 'kind' }, /needs Docker/],
    ['kind wanted and missing', { ...EVERYTHING, hasKind: false, wanted: 'kind' }, /install it/],
    ['a node wanted without root', { ...EVERYTHING, isRoot: false, wanted: 'node' }, /needs Linux and root/],
    [
      'a word that is none of them',
      { ...EVERYTHING, wanted: 'minikube' },
      /CLUSTER=minikube: expected current, kind or node/,
    ],
  ];
  for (const [name, machine, message] of refused) {
    it(`refuses: ${name}`, () => expect(() => chooseCluster(machine)).to.throw(ClusterError, message));
  }
});
