import type { V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import { parseModelPath } from '../../storage/model-path.ts';
import { parseField } from './invalid-spec.ts';

/** Where downloads go: the only large writable folder of the container. */
export const MODEL_DIRECTORY = '/var/lib/modeldeployment';
/** Where the claim of a `pvc://` path is mounted. */
const CLAIM_DIRECTORY = '/mnt/models';

/** Path inside the container of a file or folder of the claim. */
export function claimFile(path: string): string {
  return `${CLAIM_DIRECTORY}/${path}`;
}

/**
 * Volumes and their mounts: the root file system is read-only, so downloads and temporary files get a folder each.
 * @throws InvalidSpecError
 */
export function makeVolumes(modelPath: string): { volumes: V1Volume[]; volumeMounts: V1VolumeMount[] } {
  const path = parseField('spec.model.path', () => parseModelPath(modelPath));
  const volumes: V1Volume[] = [
    { name: 'model', emptyDir: {} },
    { name: 'tmp', emptyDir: {} },
  ];
  const volumeMounts: V1VolumeMount[] = [
    { name: 'model', mountPath: MODEL_DIRECTORY },
    { name: 'tmp', mountPath: '/tmp' },
  ];
  if (path.kind === 'pvc') {
    volumes.push({ name: 'claim', persistentVolumeClaim: { claimName: path.claim } });
    // Read-only for this container alone: a read-only volume source would forbid others to write to the claim on this node.
    volumeMounts.push({ name: 'claim', mountPath: CLAIM_DIRECTORY, readOnly: true });
  }
  return { volumes, volumeMounts };
}
