import type { KubernetesObject } from '@kubernetes/client-node';

export type Written = KubernetesObject & { readonly spec?: object; readonly status?: object };

/** What the operator made of a model, to be written again under another name. */
export interface Template {
  readonly name: string;
  readonly service: Written;
  readonly deployment: Written;
  readonly status: object;
}

/** What bare-operator.ts is told. */
export interface BareOrders {
  /** A file. */
  readonly kubeconfig: string;
  /** Name of the first ModelDeployment that is its own. */
  readonly first: string;
  readonly template: Template;
}

/** A copy for another ModelDeployment. @param from name of the one it was made for */
export function renamed(object: Written, from: string, owner: { name: string; uid: string }): Written {
  const copy = JSON.parse(JSON.stringify(object).replaceAll(from, owner.name)) as Written;
  for (const reference of copy.metadata?.ownerReferences ?? []) reference.uid = owner.uid;
  return copy;
}
