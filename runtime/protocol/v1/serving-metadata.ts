import type { ModelSignature, TensorSpec } from '../../onnx/signature.ts';
import type { Datatype } from '../../tensor/tensor.ts';

/** `DataType` of TensorFlow's types.proto. */
const TENSORFLOW_TYPES: Readonly<Record<Datatype, string>> = {
  BOOL: 'DT_BOOL',
  UINT8: 'DT_UINT8',
  UINT16: 'DT_UINT16',
  UINT32: 'DT_UINT32',
  UINT64: 'DT_UINT64',
  INT8: 'DT_INT8',
  INT16: 'DT_INT16',
  INT32: 'DT_INT32',
  INT64: 'DT_INT64',
  FP16: 'DT_HALF',
  FP32: 'DT_FLOAT',
  FP64: 'DT_DOUBLE',
  BYTES: 'DT_STRING',
};

/**
 * What TensorFlow Serving's clients read at `GET /v1/models/NAME/metadata`: the graph's inputs and outputs as the signature `serving_default`.
 * Sizes are text, as proto3 JSON writes int64; -1 is a free dimension.
 * https://www.tensorflow.org/tfx/serving/api_rest#model_metadata_api
 */
export function servingMetadata(
  { name, version }: { readonly name: string; readonly version: string },
  { inputs, outputs }: Pick<ModelSignature, 'inputs' | 'outputs'>,
): object {
  const signature = {
    inputs: Object.fromEntries(inputs.map(describe)),
    outputs: Object.fromEntries(outputs.map(describe)),
    method_name: 'tensorflow/serving/predict',
  };
  return {
    model_spec: { name, signature_name: '', version },
    metadata: { signature_def: { signature_def: { serving_default: signature } } },
  };
}

function describe({ name, datatype, shape }: TensorSpec): [string, object] {
  const dim = (shape ?? []).map((size) => ({ size: String(size), name: '' }));
  return [name, { dtype: TENSORFLOW_TYPES[datatype], tensor_shape: { dim, unknown_rank: shape === undefined }, name }];
}
