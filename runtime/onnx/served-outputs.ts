import { ModelFailure } from '../errors.ts';
import { datatypeOfOnnx } from '../tensor/datatype.ts';
import { ML, opKey } from './graph-index.ts';
import type { GraphIndex } from './graph-index.ts';
import { nodeLabels } from './labels.ts';
import type { GraphNode } from './node-proto.ts';
import type { Label } from './signature.ts';
import { elemTypeName, formatType } from './value-info.ts';
import type { TensorType, ValueInfo, ValueType } from './value-info.ts';
import { quote } from './quote.ts';

/** An output as it is served: always a tensor, whatever the file declares. */
export interface ServedOutput {
  readonly name: string;
  readonly type: TensorType;
  /** The value of the original graph that holds its numbers. */
  readonly value: string;
  /** The declared output it stands for. */
  readonly declared: ValueInfo;
  /** Labels of the ZipMap that the file puts around it. */
  readonly zipMapLabels: readonly Label[] | undefined;
  /** The SequenceConstruct that it is one element of. */
  readonly sequence: { readonly node: GraphNode; readonly element: number } | undefined;
}

const FLOAT = 1;
/** Outputs that are served at most; models have a handful, multi-output ones some dozens. */
const MAX_OUTPUTS = 2000;
/** Sequences are only ever passed on as they are. */
const IDENTITY: ReadonlySet<string> = new Set(['Identity']);

/**
 * Which tensors stand for the graph's outputs: a list of maps becomes the tensor that the ZipMap was fed, a sequence its elements.
 * @throws ModelFailure ModelUnsupported for outputs that cannot be made tensors, or hold a type that cannot be served
 */
export function servedOutputs(index: GraphIndex): ServedOutput[] {
  const outputs = index.graph.outputs.flatMap((declared) => serve(declared, index));
  if (outputs.length === 0) {
    throw new ModelFailure('ModelInvalid', 'The ONNX graph has no outputs. Export the model again with its outputs.');
  }
  if (outputs.length > MAX_OUTPUTS) {
    throw new ModelFailure(
      'ModelUnsupported',
      `The ONNX graph has ${outputs.length} outputs; ${MAX_OUTPUTS} can be served. Export the model with fewer outputs.`,
    );
  }
  return outputs;
}

function serve(declared: ValueInfo, index: GraphIndex): ServedOutput[] {
  const { name, type } = declared;
  const base = { name, value: name, declared, zipMapLabels: undefined, sequence: undefined };
  if (type.kind === 'tensor') {
    checkDatatype(declared, type);
    return [{ ...base, type }];
  }
  const { node } = index.origin(name, IDENTITY);
  if (node && opKey(node) === ML.zipMap) {
    const labels = nodeLabels(node);
    const tensor: TensorType = { kind: 'tensor', elemType: mapElemType(type), shape: [-1, labels?.length ?? -1] };
    return [{ ...base, type: tensor, value: node.inputs[0] ?? '', zipMapLabels: labels ?? [] }];
  }
  if (node && opKey(node) === 'SequenceConstruct') return serveSequence(base, node, type);
  throw unsupported(declared);
}

function serveSequence(base: Omit<ServedOutput, 'type'>, node: GraphNode, type: ValueType): ServedOutput[] {
  const element = type.kind === 'sequence' ? type.element : undefined;
  if (element?.kind !== 'tensor') throw unsupported(base.declared);
  checkDatatype(base.declared, element);
  return node.inputs.map((value, position) => ({
    ...base,
    name: `${base.name}[${position}]`,
    value,
    type: { ...element, shape: undefined },
    sequence: { node, element: position },
  }));
}

/** seq(map(key, tensor(T))) -> T; float where the file does not say. */
function mapElemType(type: ValueType): number {
  const map = type.kind === 'sequence' ? type.element : type;
  return map.kind === 'map' && map.value.kind === 'tensor' && map.value.elemType > 0 ? map.value.elemType : FLOAT;
}

function checkDatatype({ name }: ValueInfo, { elemType }: TensorType): void {
  if (datatypeOfOnnx(elemType)) return;
  throw new ModelFailure(
    'ModelUnsupported',
    `Output ${quote(name)} has the type ${elemTypeName(elemType)}, which cannot be sent as JSON or by the inference protocols. Add a Cast to float to the model and export it again.`,
  );
}

function unsupported({ name, type }: ValueInfo): ModelFailure {
  if (type.kind === 'unknown') {
    return new ModelFailure(
      'ModelUnsupported',
      `Output ${quote(name)} declares no type. Export the model again with typed outputs (onnx.shape_inference.infer_shapes adds them).`,
    );
  }
  return new ModelFailure(
    'ModelUnsupported',
    `Output ${quote(name)} has the type ${formatType(type)}, which is not a tensor and cannot be turned into one. Export the model so that this output is a tensor (for scikit-learn: options={id(model): {"zipmap": False}}).`,
  );
}
