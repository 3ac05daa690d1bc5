import type { NamedTensors } from '../tensor/tensor.ts';

/** A loaded model that can be run. The only knowledge of onnxruntime is behind this interface. */
export interface Session {
  /**
   * Runs the graph once. Feeds must fit the graph's declared datatypes and shapes; only the outputs named are computed and returned.
   * @throws RequestError InvalidInput when the graph refuses these values, InferenceFailed otherwise
   */
  run(feeds: NamedTensors, outputs: readonly string[]): Promise<NamedTensors>;
  /** False once nothing can be expected of it any more: its thread ended, or one run has lasted far longer than any request may. */
  isAlive(): boolean;
  /** Frees the model. Runs in flight end first. */
  close(): Promise<void>;
}
