/** Every program the test bed and the demo cluster may ask for. */
export type ProgramName =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kube-proxy'
  | 'kubelet'
  | 'kubectl'
  | 'fake-gcs-server'
  | 'containerd'
  | 'containerd-shim-runc-v2'
  | 'ctr'
  | 'coredns'
  | 'pause'
  | 'metrics-server'
  | 'helm'
  | 'actionlint'
  | 'kstatus'
  | 'crane'
  | 'network-policies';

/** A Go module below `dev/tools/` that pins one upstream project, and what is built from it in one go. */
export interface ToolModule {
  /** Folder below `dev/tools/`, also the first part of the cache folder's name. */
  readonly folder: string;
  /** The required module whose version in `go.mod` names the cache folder; without it the sources' hash alone does. */
  readonly versionOf?: string;
  /** Executable to make -> Go package to make it from. */
  readonly builds: Readonly<Record<string, string>>;
  /** Further names of an executable that acts by the name it is called by. */
  readonly links?: { readonly to: string; readonly names: readonly ProgramName[] };
  readonly tags?: string;
  /** What to tell a person who waits: measured on two busy cores with nothing cached. */
  readonly firstBuild: string;
}

const KUBERNETES_PROGRAMS = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
  'kubectl',
] as const satisfies readonly ProgramName[];

const CONTAINERD = 'github.com/containerd/containerd/v2/cmd';

/** All modules. All Kubernetes programs are one executable, so that their shared packages are compiled and linked once. */
export const TOOL_MODULES: readonly ToolModule[] = [
  {
    folder: 'kube',
    versionOf: 'k8s.io/kubernetes',
    builds: { kube: '.' },
    links: { to: 'kube', names: KUBERNETES_PROGRAMS },
    firstBuild: 'about 10 minutes',
  },
  {
    folder: 'etcd',
    versionOf: 'go.etcd.io/etcd/server/v3',
    builds: { etcd: 'go.etcd.io/etcd/server/v3' },
    firstBuild: 'about 2 minutes',
  },
  {
    folder: 'gcs',
    versionOf: 'github.com/fsouza/fake-gcs-server',
    builds: { 'fake-gcs-server': 'github.com/fsouza/fake-gcs-server' },
    firstBuild: 'about 2 minutes',
  },
  {
    folder: 'containerd',
    versionOf: 'github.com/containerd/containerd/v2',
    builds: {
      containerd: `${CONTAINERD}/containerd`,
      'containerd-shim-runc-v2': `${CONTAINERD}/containerd-shim-runc-v2`,
      ctr: `${CONTAINERD}/ctr`,
    },
    tags: 'no_btrfs no_zfs no_devmapper',
    firstBuild: 'about 3 minutes',
  },
  {
    folder: 'coredns',
    versionOf: 'github.com/coredns/coredns',
    builds: { coredns: '.' },
    firstBuild: 'about 2 minutes',
  },
  { folder: 'pause', builds: { pause: '.' }, firstBuild: 'a few seconds' },
  {
    folder: 'metrics-server',
    versionOf: 'sigs.k8s.io/metrics-server',
    builds: { 'metrics-server': 'sigs.k8s.io/metrics-server/cmd/metrics-server' },
    firstBuild: 'about 3 minutes',
  },
  {
    folder: 'helm',
    versionOf: 'helm.sh/helm/v4',
    builds: { helm: 'helm.sh/helm/v4/cmd/helm' },
    firstBuild: 'about 3 minutes',
  },
  {
    folder: 'actionlint',
    versionOf: 'github.com/rhysd/actionlint',
    builds: { actionlint: 'github.com/rhysd/actionlint/cmd/actionlint' },
    firstBuild: 'about 10 seconds',
  },
  { folder: 'kstatus', builds: { kstatus: '.' }, firstBuild: 'about a minute' },
  {
    folder: 'crane',
    versionOf: 'github.com/google/go-containerregistry',
    builds: { crane: 'github.com/google/go-containerregistry/cmd/crane' },
    firstBuild: 'about 20 seconds',
  },
  {
    folder: 'network-policies',
    versionOf: 'sigs.k8s.io/kube-network-policies',
    builds: { 'network-policies': '.' },
    firstBuild: 'about 3 minutes',
  },
];

/** The programs a module gives. */
export function programsOf(module: ToolModule): ProgramName[] {
  return [...(module.links?.names ?? (Object.keys(module.builds) as ProgramName[]))];
}

const MODULE_OF = new Map(TOOL_MODULES.flatMap((module) => programsOf(module).map((name) => [name, module] as const)));

export const PROGRAM_NAMES: readonly ProgramName[] = [...MODULE_OF.keys()];

/** The module a program is built from. Every program has one. */
export function moduleOf(name: ProgramName): ToolModule {
  return MODULE_OF.get(name)!;
}
