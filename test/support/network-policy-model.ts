import { BlockList } from 'node:net';

/** Of a NetworkPolicy's spec what this project's policies use (https://kubernetes.io/docs/concepts/services-networking/network-policies). */
export interface NetworkPolicySpec {
  readonly podSelector: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly policyTypes: readonly ('Ingress' | 'Egress')[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}
interface Rule {
  readonly ports?: readonly { readonly protocol?: string; readonly port: number }[];
  readonly to?: readonly { readonly ipBlock: { readonly cidr: string } }[];
}

/** A connection as the policies of one of its ends see it. */
export interface Flow {
  /** Into or out of the pod. */
  readonly direction: 'Ingress' | 'Egress';
  readonly labels: Readonly<Record<string, string>>;
  /** Default TCP. */
  readonly protocol?: 'TCP' | 'UDP';
  readonly port: number;
  /** IPv4 address of the other end; undefined: any pod or node. */
  readonly peer?: string;
}

const KNOWN = new Set([
  'podSelector',
  'matchLabels',
  'policyTypes',
  'ingress',
  'egress',
  'ports',
  'protocol',
  'port',
  'to',
  'ipBlock',
  'cidr',
]);

/**
 * Whether the policies of a pod's namespace let a connection through: all do unless one selects the pod in that direction, then one rule has to.
 * @throws Error for a field that this model does not know, so that it never says more than it understands
 */
export function allows(policies: readonly NetworkPolicySpec[], flow: Flow): boolean {
  for (const policy of policies) assertKnown(policy);
  const selecting = policies.filter(
    ({ podSelector, policyTypes }) =>
      policyTypes.includes(flow.direction) &&
      Object.entries(podSelector.matchLabels ?? {}).every(([name, value]) => flow.labels[name] === value),
  );
  const rules = selecting.flatMap((policy) => policy[flow.direction === 'Ingress' ? 'ingress' : 'egress'] ?? []);
  return selecting.length === 0 || rules.some((rule) => matches(rule, flow));
}

function matches({ ports, to }: Rule, { protocol = 'TCP', port, peer }: Flow): boolean {
  const isPort =
    ports === undefined || ports.some((each) => each.port === port && (each.protocol ?? 'TCP') === protocol);
  const isPeer = to === undefined || (peer !== undefined && to.some(({ ipBlock }) => contains(ipBlock.cidr, peer)));
  return isPort && isPeer;
}

function contains(cidr: string, address: string): boolean {
  const [net = '', prefix] = cidr.split('/');
  const list = new BlockList();
  list.addSubnet(net, Number(prefix));
  return list.check(address);
}

function assertKnown(value: unknown): void {
  if (Array.isArray(value)) return value.forEach(assertKnown);
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (!KNOWN.has(name)) throw new Error(`the model of network policies does not know ${name}`);
    if (name !== 'matchLabels') assertKnown(inner);
  }
}
