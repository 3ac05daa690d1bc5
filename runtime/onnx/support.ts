import { ModelFailure } from '../errors.ts';
import { datatypeOfOnnx } from '../tensor/datatype.ts';
import type { ModelProto } from './model-proto.ts';
import { elemTypeName, formatType } from './value-info.ts';
import type { ValueInfo } from './value-info.ts';
import { quote } from './quote.ts';

/** What onnxruntime 1.30 loads; measured by loading a model of each version. */
export const MAX_IR_VERSION = 13;
const MAX_OPSETS: Readonly<Record<string, number>> = { '': 26, 'ai.onnx.ml': 5 };

/** Domains whose operators onnxruntime's CPU build has. */
const KNOWN_DOMAINS: ReadonlySet<string> = new Set([
  '',
  'ai.onnx.ml',
  'ai.onnx.training',
  'ai.onnx.preview',
  'ai.onnx.preview.training',
  'com.microsoft',
  'com.microsoft.experimental',
  'com.microsoft.nchwc',
  'com.ms.internal.nhwc',
  'org.pytorch.aten',
]);

/**
 * Refuses models that onnxruntime 1.30 is known not to load, with what to do about it.
 * @throws ModelFailure ModelUnsupported
 */
export function checkSupported(model: ModelProto): void {
  checkVersions(model);
  checkDomains(model);
  for (const input of model.graph.inputs) checkInput(input);
}

function checkVersions({ irVersion, opsets }: ModelProto): void {
  if (irVersion > MAX_IR_VERSION) {
    throw new ModelFailure(
      'ModelUnsupported',
      `The model has the ONNX IR version ${irVersion}; this runtime reads up to ${MAX_IR_VERSION}. Export it with an older onnx package, or set model.ir_version = ${MAX_IR_VERSION} before saving.`,
    );
  }
  if (opsets.length === 0) {
    throw new ModelFailure('ModelInvalid', 'The model does not say which opset it uses. Export it again.');
  }
  for (const { domain, version } of opsets) {
    const max = MAX_OPSETS[domain];
    if (max !== undefined && version > max) {
      const name = domain === '' ? 'opset' : `${domain} opset`;
      throw new ModelFailure(
        'ModelUnsupported',
        `The model uses ${name} ${version}; this runtime supports up to ${max}. Export it with ${domain === '' ? `opset_version=${max} (torch) or target_opset=${max} (skl2onnx)` : `target_opset={"${domain}": ${max}}`} or lower.`,
      );
    }
  }
}

function checkDomains({ findings, functionDomains }: ModelProto): void {
  for (const [domain, opType] of findings.domains) {
    if (KNOWN_DOMAINS.has(domain) || functionDomains.has(domain)) continue;
    throw new ModelFailure(
      'ModelUnsupported',
      `The model uses the operator ${quote(opType)} of the domain ${quote(domain)}, which this runtime does not have. Export the model with standard ONNX operators only.`,
    );
  }
}

function checkInput({ name, type }: ValueInfo): void {
  if (type.kind !== 'tensor') {
    throw new ModelFailure(
      'ModelUnsupported',
      `Input ${quote(name)} has the type ${formatType(type)}; only tensors can be sent. Export the model with tensor inputs.`,
    );
  }
  if (datatypeOfOnnx(type.elemType)) return;
  throw new ModelFailure(
    'ModelUnsupported',
    `Input ${quote(name)} has the type ${elemTypeName(type.elemType)}, which cannot be sent as JSON or by the inference protocols. Export the model with float32 inputs.`,
  );
}
