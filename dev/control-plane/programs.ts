import type { Certificate, CertificateAuthority, TokenKeys } from './certificates.ts';

/** Where everything of one control plane lies and listens. */
export interface Layout {
  readonly directory: string;
  readonly etcdUrl: string;
  readonly etcdPeerUrl: string;
  readonly apiServerPort: number;
  readonly controllerManagerPort: number;
  readonly schedulerPort: number;
  readonly auditLogFile: string;
  readonly auditPolicyFile: string;
}

/** What proves who is who inside one control plane. */
export interface Credentials {
  readonly authority: CertificateAuthority;
  /** The API server's own. */
  readonly serving: Certificate;
  readonly admin: Certificate;
  readonly tokenKeys: TokenKeys;
}

/** Throw-away data: nothing is forced to disk. */
export function etcdArguments(layout: Layout): string[] {
  return flags({
    'data-dir': `${layout.directory}/etcd`,
    'unsafe-no-fsync': true,
    'log-level': 'warn',
    'listen-client-urls': layout.etcdUrl,
    'advertise-client-urls': layout.etcdUrl,
    'listen-peer-urls': layout.etcdPeerUrl,
    'initial-advertise-peer-urls': layout.etcdPeerUrl,
    'initial-cluster': `default=${layout.etcdPeerUrl}`,
  });
}

export function apiServerArguments(layout: Layout, { authority, serving, tokenKeys }: Credentials): string[] {
  return flags({
    'etcd-servers': layout.etcdUrl,
    'bind-address': '127.0.0.1',
    'secure-port': layout.apiServerPort,
    // Endpoints in 127/8 are refused, so the `kubernetes` Service gets one of the addresses kept for documentation.
    'advertise-address': '198.51.100.1',
    'service-cluster-ip-range': '10.96.0.0/16',
    'authorization-mode': 'Node,RBAC',
    // The second is off by default and on in OpenShift: the operator has to work there too.
    'enable-admission-plugins': 'NodeRestriction,OwnerReferencesPermissionEnforcement',
    'client-ca-file': authority.certificateFile,
    'tls-cert-file': serving.certificateFile,
    'tls-private-key-file': serving.keyFile,
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': tokenKeys.publicKeyFile,
    'service-account-signing-key-file': tokenKeys.privateKeyFile,
    'audit-policy-file': layout.auditPolicyFile,
    'audit-log-path': layout.auditLogFile,
    // One file that is never rotated away under a reader.
    'audit-log-maxsize': 100_000,
    'event-ttl': '1h',
    profiling: false,
  });
}

export function controllerManagerArguments(layout: Layout, credentials: Credentials, kubeconfig: string): string[] {
  const { certificateFile, keyFile } = credentials.authority.certificate;
  return flags({
    kubeconfig,
    'leader-elect': false,
    'bind-address': '127.0.0.1',
    'secure-port': layout.controllerManagerPort,
    'use-service-account-credentials': true,
    'service-account-private-key-file': credentials.tokenKeys.privateKeyFile,
    'root-ca-file': certificateFile,
    'cluster-signing-cert-file': certificateFile,
    'cluster-signing-key-file': keyFile,
    // Its default of 20 requests a second makes tests wait for seconds.
    'kube-api-qps': 300,
    'kube-api-burst': 600,
    profiling: false,
  });
}

export function schedulerArguments(layout: Layout, kubeconfig: string): string[] {
  return flags({
    kubeconfig,
    'leader-elect': false,
    'bind-address': '127.0.0.1',
    'secure-port': layout.schedulerPort,
    profiling: false,
  });
}

function flags(values: Readonly<Record<string, string | number | boolean>>): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}
