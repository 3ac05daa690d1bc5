/** One object that the API server refuses, and words that its answer holds, the field's path among them. */
export interface InvalidObject {
  readonly name: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly spec: unknown;
  readonly says: readonly string[];
}

/** A model that is right, for objects that are wrong elsewhere. */
export const model = { path: 'gs://models/iris/model.onnx' };

/** A wrong member of spec beside a right model. */
export function inSpec(name: string, members: object, field: string, ...says: string[]): InvalidObject {
  return { name, spec: { model, ...members }, says: [`spec.${field}`, ...says] };
}
