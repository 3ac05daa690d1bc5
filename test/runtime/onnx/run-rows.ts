import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeModelFile } from '../../../runtime/model-file.ts';
import { bytesSource } from '../../../runtime/onnx/byte-source.ts';
import { readModel } from '../../../runtime/onnx/read-model.ts';
import type { ModelSignature, PreparedModel, TensorSpec } from '../../../runtime/onnx/signature.ts';
import { createInlineSession } from '../../../runtime/session/inline-session.ts';
import type { Session } from '../../../runtime/session/session.ts';
import { allocateData } from '../../../runtime/tensor/datatype.ts';
import { elementCount } from '../../../runtime/tensor/shape.ts';
import type { NamedTensors, Tensor, TensorData } from '../../../runtime/tensor/tensor.ts';

/** A model file read, rewritten where needed, and loaded. */
export interface LoadedModel {
  readonly prepared: PreparedModel;
  readonly session: Session;
}

/** Reads a model from a path or bytes, rewrites it where it has to be, and hands it over loaded. */
export async function withModel<T>(model: string | Uint8Array, use: (loaded: LoadedModel) => Promise<T>): Promise<T> {
  const source = bytesSource(typeof model === 'string' ? readFileSync(model) : model);
  const prepared = readModel(source);
  const folder = await mkdtemp(join(tmpdir(), 'model-'));
  try {
    const rewritten = join(folder, 'rewritten.onnx');
    const isAsItIs = typeof model === 'string' && !prepared.rewritten;
    if (!isAsItIs) writeModelFile(source, prepared.rewritten ?? [{ offset: 0, length: source.size }], rewritten);
    const session = await createInlineSession(isAsItIs ? model : rewritten);
    try {
      return await use({ prepared, session });
    } finally {
      await session.close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Rows as test/models' manifests write them -> feeds. `[N,1]` inputs take scalars, null is NaN. */
export function feedsOf(signature: ModelSignature, rows: readonly unknown[]): NamedTensors {
  return new Map(
    signature.inputs.map((input) => {
      const values =
        signature.inputs.length > 1 ? rows.map((row) => (row as Record<string, unknown>)[input.name]) : rows;
      return [input.name, toTensor(input, values)];
    }),
  );
}

function toTensor({ datatype, shape: declared }: TensorSpec, values: readonly unknown[]): Tensor {
  const shape = [values.length, ...shapeOf(values[0])];
  if (shape.length < (declared?.length ?? 0)) shape.push(1);
  const data = allocateData(datatype, elementCount(shape));
  const target = datatype === 'FP16' ? new Float16Array((data as Uint16Array).buffer) : data;
  values.flat(Number.POSITIVE_INFINITY as 1).forEach((value, position) => setElement(target, position, value));
  return { datatype, shape, data };
}

function shapeOf(value: unknown): number[] {
  return Array.isArray(value) ? [value.length, ...shapeOf(value[0])] : [];
}

function setElement(data: TensorData | Float16Array, position: number, value: unknown): void {
  if (Array.isArray(data)) data[position] = String(value);
  else if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[position] = BigInt(value as number);
  else data[position] = value === null ? Number.NaN : Number(value);
}
