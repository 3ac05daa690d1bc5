import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { ControlPlane } from '../../dev/control-plane.ts';
import { startControlPlane } from '../../dev/control-plane.ts';

const CRDS = join(import.meta.dirname, '..', '..', 'crds', 'modeldeployment.yaml');

let shared: Promise<ControlPlane> | undefined;

/**
 * The control plane of this test run, with our CRD and the controllers: started when the first test asks for it (about 6 s; give the `before`
 * hook `this.timeout(60_000)`), stopped after the last test. Tests keep apart by namespace. A test that stops its API server or
 * changes what belongs to the whole cluster starts a control plane of its own.
 */
export function sharedControlPlane(): Promise<ControlPlane> {
  shared ??= startControlPlane({ crds: [CRDS] });
  return shared;
}

/** A new namespace that pods can be created in; its name begins with `prefix`. */
export async function freshNamespace(controlPlane: ControlPlane, prefix = 'test'): Promise<string> {
  const name = `${prefix}-${randomUUID().slice(0, 8)}`;
  await controlPlane.createNamespace(name);
  return name;
}

// Outside every `describe`, so it runs once, after all tests of all files.
after('stop the shared control plane', async function () {
  this.timeout(30_000);
  await (await shared)?.stop();
});
