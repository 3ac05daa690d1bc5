import './no-telemetry.ts';
import { env, InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { DATATYPES, datatypeOfOrt } from '../tensor/datatype.ts';
import type { NamedTensors, Tensor } from '../tensor/tensor.ts';

export type { InferenceSession };

/**
 * onnxruntime-common decides once, at its first tensor, to hold float16 in a Float16Array where JavaScript has one; the native part of
 * onnxruntime-node 1.30 reads such an array as empty ("not enough space: expected 8, got 0"). Hidden at that moment, both use Uint16Array.
 */
function settleFloat16(): void {
  const kept = globalThis.Float16Array;
  try {
    Reflect.deleteProperty(globalThis, 'Float16Array');
    void new OrtTensor('float32', new Float32Array(1), [1]);
  } finally {
    Object.defineProperty(globalThis, 'Float16Array', { value: kept, configurable: true, writable: true });
  }
}

settleFloat16();
// Our callers report every failure; the library's own lines on standard error would only repeat them in another format.
env.logLevel = 'fatal';
const FATAL = 4;

/**
 * Loads a model from a path, so that its external data resolves beside it and its weights are mapped, not copied. Blocks this thread while it works.
 * @param threads for one run, the calling thread included; without it onnxruntime takes one per core of the host, whatever the CPU limit
 * @throws the library's error: an Error with nothing but a text
 */
export async function createOrtSession(modelFile: string, threads: number): Promise<InferenceSession> {
  return InferenceSession.create(modelFile, {
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    interOpNumThreads: 1,
    intraOpNumThreads: threads,
    logSeverityLevel: FATAL,
    // Idle threads that spin burn the CPU limit that the next request needs.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
}

/** Our tensor as the library's; shares the data. */
export function toOrt({ datatype, shape, data }: Tensor): OrtTensor {
  return new OrtTensor(DATATYPES[datatype].ortType as 'float32', data as Float32Array, shape);
}

/**
 * The library's tensors as ours; shares the data.
 * @throws TypeError for a datatype that we cannot hold; such models are refused when they are read
 */
export function fromOrt(results: InferenceSession.OnnxValueMapType): NamedTensors {
  return new Map(
    Object.entries(results).map(([name, value]) => {
      const { type, dims, data } = value;
      const datatype = datatypeOfOrt(type);
      if (!datatype) throw new TypeError(`output ${name} has the datatype ${type}`);
      return [name, { datatype, shape: dims, data }];
    }),
  );
}
