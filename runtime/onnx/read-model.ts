import { ModelFailure } from '../errors.ts';
import { datatypeOfOnnx } from '../tensor/datatype.ts';
import type { ByteSource } from './byte-source.ts';
import { finalOutputs } from './final-outputs.ts';
import { GraphIndex } from './graph-index.ts';
import { inferBatching } from './infer-batching.ts';
import { inferPresentation } from './infer-presentation.ts';
import { readModelProto } from './model-proto.ts';
import type { ModelProto } from './model-proto.ts';
import { refuseOtherFormats } from './other-formats.ts';
import { rewriteModel } from './rewrite.ts';
import { scoreSource } from './scores.ts';
import { servedOutputs } from './served-outputs.ts';
import type { ModelSignature, PreparedModel, TensorSpec } from './signature.ts';
import { checkSupported } from './support.ts';
import { treeInputs } from './tree-inputs.ts';
import { signatureShape } from './value-info.ts';
import type { TensorType, ValueType } from './value-info.ts';
import { WireInput } from './wire-input.ts';

/**
 * Reads what an `.onnx` file says about itself, and how it has to be rewritten to be served. Weights and tree attributes are skipped:
 * time and memory depend on the number of nodes, not on the file's size.
 * @param source of the whole file; large files are read piece by piece
 * @throws ModelFailure ModelInvalid or ModelUnsupported, with one sentence on what to do
 */
export function readModel(source: ByteSource): PreparedModel {
  refuseOtherFormats(source);
  const model = readOnnx(source);
  checkSupported(model);
  const index = new GraphIndex(model.graph);
  const served = servedOutputs(index);
  const presentation = inferPresentation(served, index, model.producer);
  const outputs = finalOutputs(served, presentation, index);
  const inputs = model.graph.inputs.map(({ name, type }) => toSpec(name, type));
  const specs = outputs.map(({ name, type }) => toSpec(name, type));
  const signature: ModelSignature = {
    inputs,
    outputs: specs,
    ...inferBatching(inputs, specs),
    presentation,
    traits: { treeInputs: treeInputs(index) },
  };
  return {
    rewritten: rewriteModel(source, model, index, outputs),
    signature,
    externalData: [...model.findings.externalData].map(([location, minBytes]) => ({ location, minBytes })),
    hasSubgraphs: model.findings.hasSubgraphs,
    scoreKinds: new Map(served.map(({ name, value }) => [name, scoreSource(value, index).kind])),
    metadata: model.metadata,
    producer: model.producer,
  };
}

/** Every protobuf writer puts the IR version, field 1, first. */
const FIRST_BYTE = 0x08;

/** Bytes that are no ONNX at all would seem truncated or damaged at random places: one message for all of them. */
function readOnnx(source: ByteSource): ModelProto {
  try {
    return readModelProto(new WireInput(source));
  } catch (cause) {
    const isOnnx = source.read(0, 1)[0] === FIRST_BYTE;
    if (isOnnx || !(cause instanceof ModelFailure) || cause.reason !== 'ModelInvalid') throw cause;
    const start = Buffer.from(source.read(0, 8))
      .toString('hex')
      .replaceAll(/..(?=.)/g, '$& ');
    throw new ModelFailure(
      'ModelInvalid',
      `The file is not a valid ONNX model (it starts with the bytes ${start}). Export the model with its library's ONNX exporter and upload the .onnx file unchanged.`,
      { cause },
    );
  }
}

/** Checked before: only tensors of datatypes that can be served get here. */
function toSpec(name: string, type: ValueType | TensorType): TensorSpec {
  if (type.kind !== 'tensor') return { name, datatype: 'FP32', shape: undefined };
  return { name, datatype: datatypeOfOnnx(type.elemType) ?? 'FP32', shape: signatureShape(type.shape) };
}
