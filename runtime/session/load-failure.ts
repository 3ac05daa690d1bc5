import { ModelFailure } from '../errors.ts';
import type { FailureReason } from '../contract.ts';
import { readable } from './run-failure.ts';

/** What is said of one kind of load error: its reason, and a sentence from the text's groups. */
type Verdict = readonly [pattern: RegExp, reason: FailureReason, message: (match: RegExpExecArray) => string];

/**
 * Texts by which onnxruntime 1.30 refuses a model. The library has no error codes in Node, so this table is the only way to a reason;
 * most of these files are recognised before, when we read them ourselves.
 */
const VERDICTS: readonly Verdict[] = [
  [
    /External data path does not exist: "?(?:[^"]*\/)?([^"/]+)"?/,
    'ExternalDataMissing',
    ([, file]) => `the model keeps its weights in "${file}", which is missing: upload it beside the .onnx file`,
  ],
  [
    /External data path validation failed/,
    'ModelInvalid',
    () => 'the model keeps its weights outside its own folder: export it again into one folder',
  ],
  [
    /Opset (\d+) is under development.*domain (\S+) is till opset (\d+)/,
    'ModelUnsupported',
    ([, opset, domain, newest]) =>
      `the model was exported for opset ${opset} of ${domain}, newer than this runtime knows: export it with opset ${newest} or older`,
  ],
  [
    /Unsupported model IR version: (\d+), max supported IR version: (\d+)/,
    'ModelUnsupported',
    ([, version, newest]) =>
      `the model file has IR version ${version}, newer than this runtime knows: export it with a release of onnx that writes ${newest} or older`,
  ],
  [
    /No Op registered for (\S+) with domain_version of (\d+)/,
    'ModelUnsupported',
    ([, operator, opset]) =>
      `the model uses the operator ${operator}, which opset ${opset} does not have: export it with standard operators and the opset they came in`,
  ],
  [
    /Fatal error: (\S*?)\(-?\d+\) is not a registered function\/op/,
    'ModelUnsupported',
    ([, operator]) =>
      `the model uses the operator ${operator}, which is not part of ONNX or onnxruntime: export it with standard operators`,
  ],
  [
    /Could not find an implementation for (\S+?)\((\d+)\)/,
    'ModelUnsupported',
    ([, operator]) =>
      `the model uses the operator ${operator} with datatypes that onnxruntime does not compute: cast its inputs to float32 before the export`,
  ],
  [
    /Unsupported data type/,
    'ModelUnsupported',
    () =>
      'the model takes or gives a datatype that cannot be served (for example bfloat16): cast inputs and outputs to float32 before the export',
  ],
  [
    // What skl2onnx makes of regression trees and float64 data; classifiers of trees load.
    /Type \(tensor\(double\)\) of output arg \((.*)\) of node \(.*\) does not match expected type \(tensor\(float\)\)/,
    'ModelUnsupported',
    ([, output]) =>
      `the model gives "${output}" as float64, which onnxruntime computes in float32: export it from float32 data, for example to_onnx(model, X[:1].astype(numpy.float32))`,
  ],
  [
    /Failed to allocate memory|bad_alloc/,
    'ModelTooLarge',
    () => 'there is not enough memory to load the model: raise spec.resources.limits.memory',
  ],
  [
    /Protobuf parsing failed|does not have a graph/,
    'ModelInvalid',
    () => 'the file is no ONNX model, or only a part of one: export and upload it again',
  ],
  [
    /Type Error: ([\s\S]*)|ShapeInferenceError\] ([\s\S]*)|(?:This is an invalid|Invalid) model\. ([\s\S]*)|INVALID_GRAPH : ([\s\S]*)/,
    'ModelInvalid',
    (match) => `the model's graph is wrong (${readable(match.slice(1).find(Boolean) ?? '')}): export it again`,
  ],
];

/** Turns onnxruntime's refusal to load a model into a ModelFailure with a reason of ours; ModelUnsupported with its words when the text is not known. */
export function classifyLoadFailure(error: unknown): ModelFailure {
  const text = error instanceof Error ? error.message : String(error);
  for (const [pattern, reason, message] of VERDICTS) {
    const match = pattern.exec(text);
    if (match) return new ModelFailure(reason, message(match), { cause: error });
  }
  const said = readable(
    text.replace(/^Load model from .*? failed:/s, '').replace('Exception during initialization: ', ''),
  );
  return new ModelFailure('ModelUnsupported', `onnxruntime cannot load the model: ${said}`, { cause: error });
}
