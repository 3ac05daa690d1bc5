import { ModelFailure } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';

/** What a file may ask of the reader before it is refused; real models stay far below. */
export interface WireLimits {
  /** Fields visited in all: bounds the time. */
  readonly maxFields: number;
  /** Nodes, names, labels kept in all: bounds the memory. */
  readonly maxItems: number;
  /** Bytes of text decoded in all: bounds the memory too. */
  readonly maxTextBytes: number;
  /** Messages inside messages (subgraphs of If and Loop); protobuf's own limit is 100. */
  readonly maxDepth: number;
}
/** Far above what real models need: a graph of 100,000 nodes fits. */
export const DEFAULT_LIMITS: WireLimits = {
  maxFields: 20_000_000,
  maxItems: 500_000,
  maxTextBytes: 64 * 1024 * 1024,
  maxDepth: 64,
};

const WINDOW_BYTES = 64 * 1024;

/** The bytes being read, through a window that moves over the source, and what has been spent of the limits. */
export class WireInput {
  readonly source: ByteSource;
  readonly #limits: WireLimits;
  #window: Buffer = Buffer.alloc(0);
  #windowStart = 0;
  #fields = 0;
  #items = 0;
  #textBytes = 0;

  constructor(source: ByteSource, limits: WireLimits = DEFAULT_LIMITS) {
    this.source = source;
    this.#limits = limits;
  }

  /** One byte. */
  byteAt(position: number): number {
    const index = position - this.#windowStart;
    const byte = index >= 0 ? this.#window[index] : undefined;
    return byte ?? this.#load(position);
  }

  #load(position: number): number {
    const bytes = this.source.read(position, WINDOW_BYTES);
    this.#window = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#windowStart = position;
    const byte = this.#window[0];
    if (byte === undefined) throw truncated(position, this.source.size);
    return byte;
  }

  /** Bytes `[start, end)`; not to be written into. */
  slice(start: number, end: number): Uint8Array {
    const from = start - this.#windowStart;
    if (from >= 0 && end - this.#windowStart <= this.#window.length) {
      return this.#window.subarray(from, end - this.#windowStart);
    }
    const bytes = this.source.read(start, end - start);
    if (bytes.length < end - start) throw truncated(end, this.source.size);
    return bytes;
  }

  /** Bytes `[start, end)` as text; what is no UTF-8 becomes U+FFFD. */
  text(start: number, end: number): string {
    this.#textBytes += end - start;
    if (this.#textBytes > this.#limits.maxTextBytes) throw tooComplex();
    const from = start - this.#windowStart;
    const to = end - this.#windowStart;
    if (from >= 0 && to <= this.#window.length) return this.#window.toString('utf8', from, to);
    const bytes = this.slice(start, end);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  }

  visitField(): void {
    this.#fields += 1;
    if (this.#fields > this.#limits.maxFields) throw tooComplex();
  }

  /** Call before `count` more nodes, names or labels are kept in memory. */
  keep(count = 1): void {
    this.#items += count;
    if (this.#items > this.#limits.maxItems) throw tooComplex();
  }

  checkDepth(depth: number): void {
    if (depth > this.#limits.maxDepth) {
      throw new ModelFailure(
        'ModelInvalid',
        `The ONNX file is damaged: its messages are nested deeper than ${this.#limits.maxDepth} levels. Export the model again.`,
      );
    }
  }
}

/** The file ends where bytes are still due. */
export function truncated(neededBytes: number, size: number): ModelFailure {
  const needed = Number.isSafeInteger(neededBytes) ? ` but should have at least ${neededBytes}` : '';
  return new ModelFailure(
    'ModelInvalid',
    `The ONNX file is truncated: it has ${size} bytes${needed}. Upload it again, or export it again if it is short at the source too.`,
  );
}

/** Bytes that are no protobuf. */
export function damaged(position: number): ModelFailure {
  return new ModelFailure(
    'ModelInvalid',
    `The file is not a valid ONNX model: byte ${position} cannot be read as protobuf. Export the model again with its library's ONNX exporter and upload the result unchanged.`,
  );
}

function tooComplex(): ModelFailure {
  return new ModelFailure(
    'ModelUnsupported',
    'The ONNX graph has too many parts to be read safely (over half a million nodes and names). Export a smaller graph.',
  );
}
