import './no-telemetry.ts';
import { env, type OnnxValue, Tensor as OrtTensor } from 'onnxruntime-node';
import { binding, initOrt } from 'onnxruntime-node/dist/binding.js';
import { DATATYPES, datatypeOfOrt } from '../tensor/datatype.ts';
import type { NamedTensors, Tensor } from '../tensor/tensor.ts';

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

/** Places in the library's list of datatypes that it names but gives no tensors of (bfloat16, complex, float8 ..). */
const HELD_TYPES: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);

/**
 * A loaded model. The native session itself, because the library's own `run` looks through feeds that we have checked already, and waits a turn
 * of the event loop before it runs, on this thread all the same (`dist/backend.js`).
 */
export class OrtSession {
  readonly #native = new binding.InferenceSession();
  #wanted: readonly string[] = [];
  #fetches: Record<string, null> = {};

  /**
   * Loads a model from a path, so that its external data resolves beside it and its weights are mapped, not copied. Blocks this thread while it works.
   * @param threads for one run, the calling thread included; without it onnxruntime takes one per core of the host, whatever the CPU limit
   * @throws the library's error: an Error with nothing but a text
   */
  constructor(modelFile: string, threads: number) {
    initOrt();
    this.#native.loadModel(modelFile, {
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      interOpNumThreads: 1,
      intraOpNumThreads: threads,
      logSeverityLevel: FATAL,
      // Idle threads that spin burn the CPU limit that the next request needs.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    });
    const values = [...this.#native.inputMetadata, ...this.#native.outputMetadata];
    const unheld = values.find(({ isTensor, type }) => isTensor && !HELD_TYPES.has(type));
    if (unheld) throw new Error(`Unsupported data type: ${unheld.type}`);
  }

  /**
   * Runs the graph, on this thread.
   * @param feeds all inputs of the graph
   * @param outputs names of graph outputs, the only ones computed
   * @throws the library's error
   */
  run(feeds: NamedTensors, outputs: readonly string[]): NamedTensors {
    const ortFeeds: Record<string, OrtTensor> = {};
    for (const [name, tensor] of feeds) ortFeeds[name] = toOrt(tensor);
    return fromOrt(this.#native.run(ortFeeds, this.#fetchesFor(outputs), {}));
  }

  /** The same for requests with the same list, which nearly all are. */
  #fetchesFor(outputs: readonly string[]): Record<string, null> {
    if (outputs !== this.#wanted) {
      this.#wanted = outputs;
      this.#fetches = Object.fromEntries(outputs.map((name) => [name, null]));
    }
    return this.#fetches;
  }

  /** Frees the model. */
  release(): void {
    this.#native.dispose();
  }
}

/** Our tensor as the library's; shares the data. */
function toOrt({ datatype, shape, data }: Tensor): OrtTensor {
  return new OrtTensor(DATATYPES[datatype].ortType as 'float32', data as Float32Array, shape);
}

/**
 * The library's tensors as ours; shares the data.
 * @throws TypeError for a datatype that we cannot hold; such models are refused when they are read
 */
function fromOrt(results: Readonly<Record<string, OnnxValue>>): NamedTensors {
  const tensors = new Map<string, Tensor>();
  for (const name in results) {
    const { type, dims, data } = results[name] as OrtTensor;
    const datatype = datatypeOfOrt(type);
    if (!datatype) throw new TypeError(`output ${name} has the datatype ${type}`);
    tensors.set(name, { datatype, shape: dims, data });
  }
  return tensors;
}
