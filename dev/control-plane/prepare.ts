import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../free-port.ts';
import { throwAwayDirectory } from '../throw-away-directory.ts';
import { AUDIT_POLICY } from './audit.ts';
import { CertificateAuthority, createTokenKeys } from './certificates.ts';
import type { Credentials, Layout } from './programs.ts';

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
