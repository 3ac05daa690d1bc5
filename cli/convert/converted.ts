import type { PlainObject } from './source-object.ts';

/** The parts of a ModelDeployment that a converter writes; members that are undefined are left out. */
export interface Converted {
  readonly metadata: PlainObject;
  readonly spec: PlainObject;
}
