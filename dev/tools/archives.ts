import type { ProgramName } from './programs.ts';

/** A released archive that holds ready-made programs. */
export interface ToolArchive {
  /** First part of the cache folder's name. */
  readonly name: string;
  readonly version: string;
  readonly programs: readonly ProgramName[];
  /** Folder inside the archive the programs lie in; '' for the top. */
  readonly folder: string;
  readonly sizeMegabytes: number;
  /** `<node platform>-<node arch>` -> where it is and what its bytes must hash to. A platform that is not listed is built. */
  readonly platforms: Readonly<Record<string, { readonly url: string; readonly checksum: string }>>;
}

const ENVTEST = 'https://github.com/kubernetes-sigs/controller-tools/releases/download/envtest-v1.36.2';
const KUBERNETES = 'https://dl.k8s.io/v1.36.0';
const FAKE_GCS = 'https://github.com/fsouza/fake-gcs-server/releases/download/v1.56.1';

/**
 * In order of preference: a program is taken from the first archive that holds it.
 * Checksums are written `<algorithm>-<hex>`: for envtest those of `envtest-releases.yaml` in kubernetes-sigs/controller-tools, for
 * the server archive those of `CHANGELOG-1.36.md` in kubernetes/kubernetes. The patch versions differ from the built ones,
 * because only releases whose checksum is known are listed; components of one minor version work together.
 */
export const TOOL_ARCHIVES: readonly ToolArchive[] = [
  {
    name: 'envtest',
    version: 'v1.36.2',
    programs: ['etcd', 'kube-apiserver', 'kubectl'],
    folder: 'controller-tools/envtest',
    sizeMegabytes: 52,
    platforms: {
      'linux-x64': {
        url: `${ENVTEST}/envtest-v1.36.2-linux-amd64.tar.gz`,
        checksum:
          'sha512-ea743186c8a799f5cf8faf16969f86189d003cb7d130e0ac4b58789f1e5748dcf30ebe91c837a10d5ac415383da3e10b9e64d65785c938c23e739781cfb76f08',
      },
      'linux-arm64': {
        url: `${ENVTEST}/envtest-v1.36.2-linux-arm64.tar.gz`,
        checksum:
          'sha512-2d72ee985a8e262a3c57dc9f7f0fd891f6a8c7bf7ebaa2db6dc6d8eac8ae28181afe51c1f368b67756cdb40b10de9b205609e1726e5f27f7c6d824dd9c6649ac',
      },
      'darwin-arm64': {
        url: `${ENVTEST}/envtest-v1.36.2-darwin-arm64.tar.gz`,
        checksum:
          'sha512-9278f9e5af556b2f1f2d139769c1f0d717c7b4426917fdebdba898bcb725a916e4910d6160886194ff9be9589ea7c5c32c2b8ae0754703874b7c8ba8ddfc41ce',
      },
    },
  },
  {
    name: 'kubernetes-server',
    version: 'v1.36.0',
    programs: ['kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'kubelet'],
    folder: 'kubernetes/server/bin',
    sizeMegabytes: 400,
    platforms: {
      'linux-x64': {
        url: `${KUBERNETES}/kubernetes-server-linux-amd64.tar.gz`,
        checksum:
          'sha512-1c64da92575451c2c7ff97c79b772e603995f8e76da1371a6b0746aaa27b65dce81c4d734cbb50f40e71486a8e08df36f14e12974f97d4d29e41f23a172a6a25',
      },
      'linux-arm64': {
        url: `${KUBERNETES}/kubernetes-server-linux-arm64.tar.gz`,
        checksum:
          'sha512-7f95e451baedd9368a2fa637afa84c9ed1b958736540ca27a379e5e292e1a10c5d9a29539f833047574bf5d3b6f907f32dee5735acecc11aa4686f078108dcf8',
      },
    },
  },
  {
    name: 'fake-gcs-server',
    version: 'v1.56.1',
    programs: ['fake-gcs-server'],
    folder: '',
    sizeMegabytes: 15,
    platforms: {
      'linux-x64': {
        url: `${FAKE_GCS}/fake-gcs-server_1.56.1_Linux_amd64.tar.gz`,
        checksum: 'sha256-0f2f9f6884417acd5cc27126a9aa237ccc627372a4aa5008b399641de6db9469',
      },
      'linux-arm64': {
        url: `${FAKE_GCS}/fake-gcs-server_1.56.1_Linux_arm64.tar.gz`,
        checksum: 'sha256-89a4b887a50834ce5844f47f9938a1203a89330e660b2af7851b858fa489fa96',
      },
      'darwin-arm64': {
        url: `${FAKE_GCS}/fake-gcs-server_1.56.1_Darwin_arm64.tar.gz`,
        checksum: 'sha256-039d7a520869115b9bc1b354f73612d2dad0aa27b22104f111d8c94985007fe1',
      },
    },
  },
];
