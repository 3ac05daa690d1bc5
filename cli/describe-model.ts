import { describeShape } from '../runtime/docs/describe-shape.ts';
import type { ModelSignature, Presentation, TensorSpec } from '../runtime/onnx/signature.ts';

/** What a model takes and gives, for people: a few lines without a trailing line break. */
export function describeModel(signature: ModelSignature): string {
  const { inputs, outputs, presentation, batched } = signature;
  return [
    ...table('inputs', inputs, batched),
    ...table('outputs', outputs, batched),
    `answers  ${describeAnswer(presentation)}`,
  ].join('\n');
}

function table(title: string, specs: readonly TensorSpec[], batched: boolean): string[] {
  const width = Math.max(...specs.map(({ name }) => name.length));
  return specs.map(({ name, datatype, shape }, index) => {
    const heading = (index === 0 ? title : '').padEnd('outputs'.length);
    return `${heading}  ${name.padEnd(width)}  ${datatype} ${describeShape(shape, batched)}`;
  });
}

/** Classes listed before the rest are counted. */
const MAX_LABELS = 8;

function describeAnswer(presentation: Presentation): string {
  if (presentation.task === 'regression') return 'one number for each row, or a list of them';
  if (presentation.task === 'raw') return `the bare values of ${presentation.outputs.join(', ')}`;
  const isSure = presentation.targets.every(
    ({ scoreKind, activation }) => scoreKind === 'probabilities' || activation !== 'None',
  );
  const numbers = isSure ? 'probabilities' : 'scores';
  const targets = presentation.targets.map(({ labels }) => {
    const names = (labels ?? []).slice(0, MAX_LABELS).map(String).join(', ');
    return (labels?.length ?? 0) > MAX_LABELS ? `${names} and ${(labels?.length ?? 0) - MAX_LABELS} more` : names;
  });
  return `label and ${numbers} of ${targets.map((names) => names || 'classes by number').join('; ')}`;
}
