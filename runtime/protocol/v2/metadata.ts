import type { ClassificationTarget, ModelSignature, TensorSpec } from '../../onnx/signature.ts';
import type { JsonValue } from '../../tensor/element.ts';
import { stringifyJson } from '../stringify-json.ts';
import { servedShape } from './tensor-header.ts';

/** Which model is served. */
export interface DescribedModel {
  readonly name: string;
  /** The generation of its file. */
  readonly version: string;
  readonly signature: ModelSignature;
}

/** What a server of V2 says about itself. */
export type ServerMetadata = Readonly<Record<'name' | 'version', string>> & { readonly extensions: readonly string[] };

/** The body of `GET /v2`. */
export function serverMetadata(version: string): ServerMetadata {
  return { name: 'modeldeployment', version, extensions: ['binary_tensor_data'] };
}

/** An input or output, as V2 describes it. */
export type TensorMetadata = Readonly<Record<'name' | 'datatype', string>> & { readonly shape: readonly number[] };

/** What V2 says about a model. */
export type ModelMetadata = Readonly<Record<'name' | 'platform', string>> & {
  readonly versions: readonly string[];
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  readonly properties: Readonly<Record<string, string>>;
};

/**
 * The body of `GET /v2/models/NAME`. -1 stands for a free dimension; a tensor of unknown rank shows as `[-1]`.
 * `properties` tell how to read the outputs; lists in them are JSON text, since properties are strings.
 */
export function modelMetadata({ name, version, signature }: DescribedModel): ModelMetadata {
  const { inputs, outputs, batched } = signature;
  const describe = (spec: TensorSpec): TensorMetadata => {
    return { name: spec.name, datatype: spec.datatype, shape: servedShape(spec, batched) ?? [-1] };
  };
  return {
    name,
    versions: [version],
    platform: 'onnx_onnxv1',
    inputs: inputs.map(describe),
    outputs: outputs.map(describe),
    properties: propertiesOf(signature),
  };
}

function propertiesOf({ presentation }: ModelSignature): Record<string, string> {
  const { task } = presentation;
  if (task !== 'classification') return { task };
  const { targets } = presentation;
  const [first] = targets;
  const perTarget = (value: (target: ClassificationTarget) => JsonValue | undefined): string | undefined => {
    const values = targets.map(value);
    if (values.every((entry) => entry === undefined)) return undefined;
    const json = values.length === 1 ? values[0] : values.map((entry) => entry ?? null);
    return stringifyJson(json ?? null);
  };
  const areProbabilities = targets.every(({ scoreKind }) => scoreKind === 'probabilities');
  const unique = (names: readonly string[]): string => [...new Set(names)].join(',');
  const scores = unique(targets.flatMap(({ scoreOutputs }) => scoreOutputs));
  const properties: Readonly<Record<string, string | undefined>> = {
    task,
    labels: perTarget(({ labels }) => labels),
    // What the label output says, where the classes have been given other names.
    label_output_values: perTarget(({ outputLabels }) => outputLabels),
    label_output: unique(targets.flatMap(({ labelOutput }) => labelOutput ?? [])),
    [areProbabilities ? 'probabilities_output' : 'scores_output']: scores,
    activation: first.activation === 'None' ? undefined : first.activation,
  };
  return Object.fromEntries(
    Object.entries(properties).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''),
  );
}

/** The body of `POST /v2/repository/index`: this server's one model, unless `readyOnly` and it is not ready. */
export function repositoryIndex(
  { name, version }: Omit<DescribedModel, 'signature'>,
  { isReady, readyOnly }: { readonly isReady: boolean; readonly readyOnly: boolean },
): JsonValue {
  if (readyOnly && !isReady) return [];
  const state = isReady ? 'READY' : 'UNAVAILABLE';
  return [{ name, version, state, reason: isReady ? '' : 'shutting down' }];
}
