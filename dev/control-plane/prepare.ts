import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../free-port.ts';
import { removeAtExit } from '../guarded-process.ts';
import { AUDIT_POLICY } from './audit.ts';
import { CertificateAuthority, createTokenKeys } from './certificates.ts';
import type { Credentials, Layout } from './programs.ts';

/** A new folder that is removed when this process has ended, in memory where the system has a place for that. */
export async function throwAwayDirectory(name: string): Promise<string> {
  const directory = await mkdtemp(join(await memoryBackedDirectory(), `modeldeployment-${name}-`));
  removeAtExit(directory);
  return directory;
}

/** etcd writes a lot for its size; in memory that costs neither time nor disk. */
async function memoryBackedDirectory(): Promise<string> {
  try {
    await access('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}

/** A data folder, free ports and the audit policy. */
export async function prepareLayout(): Promise<Layout> {
  const directory = await throwAwayDirectory('control-plane');
  const [etcd, peer, apiServerPort, controllerManagerPort, schedulerPort] = await fivePorts();
  const layout: Layout = {
    directory,
    etcdUrl: `http://127.0.0.1:${etcd}`,
    etcdPeerUrl: `http://127.0.0.1:${peer}`,
    apiServerPort,
    controllerManagerPort,
    schedulerPort,
    auditLogFile: join(directory, 'audit.log'),
    auditPolicyFile: join(directory, 'audit-policy.json'),
  };
  await writeFile(layout.auditPolicyFile, AUDIT_POLICY);
  await writeFile(layout.auditLogFile, '', { mode: 0o600 });
  return layout;
}

async function fivePorts(): Promise<[number, number, number, number, number]> {
  return (await freePorts(5)) as [number, number, number, number, number];
}

/** @throws Error that asks for `openssl` when it is not there */
export async function prepareCredentials(layout: Layout): Promise<Credentials> {
  const directory = join(layout.directory, 'certificates');
  await mkdir(directory);
  const authority = await CertificateAuthority.create(directory);
  const [serving, admin, tokenKeys] = await Promise.all([
    authority.issue('kube-apiserver', { user: 'kube-apiserver', alternativeNames: ['IP:127.0.0.1', 'DNS:localhost'] }),
    authority.issue('admin', { user: 'admin', groups: ['system:masters'] }),
    createTokenKeys(directory),
  ]);
  return { authority, serving, admin, tokenKeys };
}
