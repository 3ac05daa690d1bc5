import type { KubernetesObject } from '@kubernetes/client-node';
import { KIND } from './api/model-deployment.ts';

/** Whom an object with the name of a child belongs to. */
export type Ownership =
  /** This ModelDeployment. */
  | 'own'
  /** One of the same name that was deleted; garbage collection is about to delete the child too. */
  | 'predecessor'
  /** Somebody else, or nobody. */
  | 'foreign';

/** Reads the controller reference. */
export function ownershipOf(child: KubernetesObject, owner: { metadata: { name: string; uid: string } }): Ownership {
  const controller = child.metadata?.ownerReferences?.find((reference) => reference.controller);
  if (controller?.uid === owner.metadata.uid) return 'own';
  return controller?.kind === KIND && controller.name === owner.metadata.name ? 'predecessor' : 'foreign';
}
