import type { ByteSource, Segment } from './byte-source.ts';
import { GRAPH } from './graph-proto.ts';
import { ML, opKey } from './graph-index.ts';
import type { GraphIndex } from './graph-index.ts';
import { toSegments } from './edits.ts';
import type { Edit } from './edits.ts';
import type { ModelProto } from './model-proto.ts';
import { EMPTY, encodeNode, rename, replaceLocale, replaceNode } from './node-edits.ts';
import { ATTRIBUTE, NODE } from './node-proto.ts';
import type { GraphNode } from './node-proto.ts';
import type { ServedOutput } from './served-outputs.ts';
import { encodeTensorInfo } from './value-info.ts';
import type { TensorType } from './value-info.ts';
import { readerAt } from './wire.ts';
import { bytesField, concatBytes, varintField } from './wire-encode.ts';

/** A served output as the rewritten graph declares and lays it out. */
export interface FinalOutput extends ServedOutput {
  readonly type: TensorType;
  /** Rows are not on axis 0 in the file: the axes are put in this order. */
  readonly permutation: readonly number[] | undefined;
}

/** Operators that only `Cast` knows to convert: float16, float, double. */
const CASTABLE: ReadonlySet<number> = new Set([1, 10, 11]);
/** From this version on Cast names its target type by number. */
const CAST_OPSET = 6;

/**
 * The edits that make a file onnxruntime-node can serve, every other byte as it is: ZipMap and SequenceConstruct become tensors,
 * rows come first, wrong declared shapes are put right, StringNormalizer asks for a locale that every image has.
 * @returns undefined when nothing has to change
 */
export function rewriteModel(
  source: ByteSource,
  model: ModelProto,
  index: GraphIndex,
  outputs: readonly FinalOutput[],
): Segment[] | undefined {
  const rewriter = new Rewriter(model, index, outputs);
  const edits = rewriter.graphEdits();
  return edits.length === 0 ? undefined : toSegments(source, model, edits, rewriter.addsNodes);
}

/** Collects what has to change in the graph. */
class Rewriter {
  readonly #index: GraphIndex;
  readonly #outputs: readonly FinalOutput[];
  readonly #canCast: boolean;
  /** Outputs that are elements of a sequence, by the node that makes it. */
  readonly #sequences: ReadonlyMap<GraphNode | undefined, readonly FinalOutput[]>;
  /** Outputs of ZipMaps, by the value that these are fed. */
  readonly #zipped: ReadonlyMap<string, FinalOutput>;
  /** Whether nodes of the default domain have been put in. */
  addsNodes = false;

  constructor(model: ModelProto, index: GraphIndex, outputs: readonly FinalOutput[]) {
    this.#index = index;
    this.#outputs = outputs;
    const versions = model.opsets.filter(({ domain }) => domain === '').map(({ version }) => version);
    this.#canCast = versions.every((version) => version >= CAST_OPSET);
    const elements = outputs.filter(({ sequence }) => sequence);
    this.#sequences = Map.groupBy(elements, ({ sequence }) => sequence?.node);
    this.#zipped = new Map(outputs.flatMap((output) => (output.zipMapLabels ? [[output.value, output]] : [])));
  }

  graphEdits(): Edit[] {
    const edits = [
      ...this.#index.graph.nodes.flatMap((node) => this.#editNode(node)),
      ...this.#editTransposed(),
      ...this.#editOutputs(),
    ];
    return edits.length === 0 ? [] : [...edits, ...this.#dropStaleTypes()];
  }

  #editNode(node: GraphNode): Edit[] {
    switch (opKey(node)) {
      case ML.zipMap:
        return [this.#replaceZipMap(node)];
      case 'SequenceConstruct':
        return this.#replaceSequence(node);
      case 'StringNormalizer':
        return replaceLocale(node);
      default:
        return [];
    }
  }

  /** The output keeps its name and becomes the tensor that the ZipMap was fed. */
  #replaceZipMap(node: GraphNode): Edit {
    const [input = ''] = node.inputs;
    const [output = ''] = node.outputs;
    const served = this.#zipped.get(input);
    if (served?.permutation) return replaceNode(node, this.#transpose(input, output, served.permutation));
    return replaceNode(node, this.#copy(input, output, served?.type.elemType));
  }

  #replaceSequence(node: GraphNode): Edit[] {
    const elements = this.#sequences.get(node);
    if (!elements) return [];
    const copies = elements.map(({ name, value, type }) => this.#copy(value, name, type.elemType));
    const readers = this.#downstream(node.outputs);
    // Where the graph goes on using the sequence it stays; else nothing may be left that makes one.
    if (readers.some((reader) => opKey(reader) !== 'Identity')) {
      return [{ start: node.end, end: node.end, bytes: concatBytes(copies) }];
    }
    return [replaceNode(node, concatBytes(copies)), ...readers.map((identity) => replaceNode(identity, EMPTY))];
  }

  /** Nodes that read one of these values, also by way of Identity. */
  #downstream(values: readonly string[]): GraphNode[] {
    const found = new Set<GraphNode>();
    const queue = [...values];
    for (let value = queue.pop(); value !== undefined; value = queue.pop()) {
      for (const reader of this.#index.consumers(value)) {
        if (found.has(reader)) continue;
        found.add(reader);
        if (opKey(reader) === 'Identity') queue.push(reader.outputs[0] ?? '');
      }
    }
    return [...found];
  }

  /** Outputs whose rows are not on axis 0: the node that makes them writes to another name, and a Transpose follows it. */
  #editTransposed(): Edit[] {
    return this.#outputs.flatMap((output) => {
      if (!output.permutation || output.zipMapLabels) return [];
      const node = this.#index.producer(output.name);
      if (!node) return [];
      const before = `${output.name}/as_exported`;
      const transpose = this.#transpose(before, output.name, output.permutation);
      const readers = this.#index.consumers(output.name).map((reader) => {
        return replaceNode(reader, rename(reader, NODE.input, [output.name, before]));
      });
      return [
        replaceNode(node, concatBytes([rename(node, NODE.output, [output.name, before]), transpose])),
        ...readers,
      ];
    });
  }

  #editOutputs(): Edit[] {
    const { outputs } = this.#index.graph;
    return outputs.flatMap((declared) => {
      const served = this.#outputs.filter((output) => output.declared === declared);
      if (served.every(({ type }) => type === declared.type)) return [];
      const fields = served.map(({ name, type }) => bytesField(GRAPH.output, encodeTensorInfo(name, type)));
      return [{ start: declared.fieldStart, end: declared.fieldEnd, bytes: concatBytes(fields) }];
    });
  }

  /** `value_info` entries of values that are no longer what they say. */
  #dropStaleTypes(): Edit[] {
    const stale = new Set(
      this.#outputs.filter(({ type, declared }) => type !== declared.type).map(({ declared }) => declared.name),
    );
    for (const node of this.#index.graph.nodes) {
      const isStale =
        opKey(node) === ML.zipMap || node.inputs.some((input) => stale.has(input) && opKey(node) === 'Identity');
      if (isStale) for (const output of node.outputs) stale.add(output);
    }
    const edits: Edit[] = [];
    const fields = readerAt(this.#index.graph.place);
    while (fields.next()) {
      if (fields.field !== GRAPH.valueInfo) continue;
      const info = fields.message();
      while (info.next()) {
        if (info.field === 1 && stale.has(info.text())) {
          edits.push({ start: fields.fieldStart, end: fields.payloadEnd, bytes: EMPTY });
        }
      }
    }
    return edits;
  }

  /** A Cast where the declared type might differ from the real one (ZipMap declares float and may be fed doubles), else an Identity. */
  #copy(input: string, output: string, elemType: number | undefined): Uint8Array {
    this.addsNodes = true;
    if (elemType === undefined || !this.#canCast || !CASTABLE.has(elemType)) {
      return encodeNode({ opType: 'Identity', input, output });
    }
    const to = concatBytes([bytesField(ATTRIBUTE.name, 'to'), varintField(ATTRIBUTE.i, elemType), varintField(20, 2)]);
    return encodeNode({ opType: 'Cast', input, output, attribute: to });
  }

  #transpose(input: string, output: string, permutation: readonly number[]): Uint8Array {
    this.addsNodes = true;
    const axes = permutation.map((axis) => varintField(ATTRIBUTE.ints, axis));
    const perm = concatBytes([bytesField(ATTRIBUTE.name, 'perm'), ...axes, varintField(20, 7)]);
    return encodeNode({ opType: 'Transpose', input, output, attribute: perm });
  }
}
