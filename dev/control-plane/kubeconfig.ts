import { readFile, writeFile } from 'node:fs/promises';
import type { Certificate } from './certificates.ts';

export interface KubeconfigOptions {
  /** e.g. `https://127.0.0.1:20443`. */
  readonly url: string;
  readonly authorityFile: string;
  readonly user: string;
  readonly certificate: Certificate;
}

/** Writes a kubeconfig with everything embedded. JSON is YAML, so no YAML writer is needed. */
export async function writeKubeconfig(file: string, options: KubeconfigOptions): Promise<string> {
  const base64 = async (path: string) => (await readFile(path)).toString('base64');
  const { url, user, certificate } = options;
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'test', cluster: { server: url, 'certificate-authority-data': await base64(options.authorityFile) } },
    ],
    users: [
      {
        name: user,
        user: {
          'client-certificate-data': await base64(certificate.certificateFile),
          'client-key-data': await base64(certificate.keyFile),
        },
      },
    ],
    contexts: [{ name: 'test', context: { cluster: 'test', user } }],
    'current-context': 'test',
  };
  await writeFile(file, `${JSON.stringify(kubeconfig, null, 2)}\n`, { mode: 0o600 });
  return file;
}
