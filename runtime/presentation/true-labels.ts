import type { ClassificationTarget, Presentation } from '../onnx/signature.ts';
import type { JsonValue } from '../tensor/element.ts';
import type { NamedTensors, Tensor } from '../tensor/tensor.ts';
import { TargetClassifier } from './classify-row.ts';

/** A target whose label output the graph computes wrongly. */
interface WrongLabel {
  readonly output: string;
  readonly scoreOutputs: readonly string[];
  readonly classifier: TargetClassifier;
}

/**
 * Puts the class of the best score into label outputs that the graph computes wrongly (CatBoost writes 0 and 1 for classes 3 and 8), so
 * that whoever asks for the tensors themselves gets the label that the presented answer has.
 */
export class TrueLabels {
  readonly #wrong: readonly WrongLabel[];

  constructor(presentation: Presentation) {
    this.#wrong = presentation.task === 'classification' ? presentation.targets.flatMap(wrongLabel) : [];
  }

  /** What has to be computed to give these outputs: themselves, and the scores that their labels come from. */
  neededFor(outputs: readonly string[]): readonly string[] {
    const scores = this.#wrong.filter(({ output }) => outputs.includes(output)).flatMap((wrong) => wrong.scoreOutputs);
    const more = scores.filter((name) => !outputs.includes(name));
    return more.length === 0 ? outputs : [...outputs, ...more];
  }

  /**
   * @param outputs of a run of what `neededFor` says
   * @returns the same, but for labels: those are new tensors
   */
  correct(outputs: NamedTensors, rows: number): NamedTensors {
    const wrong = this.#wrong.filter(({ output }) => outputs.has(output));
    if (wrong.length === 0) return outputs;
    const corrected = new Map(outputs);
    for (const { output, classifier } of wrong) {
      const tensor = outputs.get(output);
      const classify = classifier.bind(outputs, rows);
      if (tensor)
        corrected.set(
          output,
          withLabels(tensor, (row) => classify(row, undefined).label),
        );
    }
    return corrected;
  }
}

function wrongLabel(target: ClassificationTarget): WrongLabel[] {
  const { labelOutput, recomputeLabel, scoreOutputs, labels, outputLabels } = target;
  if (labelOutput === undefined || !recomputeLabel) return [];
  // The tensor keeps the file's own classes, also where the settings call them otherwise.
  const classifier = new TargetClassifier({ ...target, labels: outputLabels ?? labels, outputLabels: undefined });
  return [{ output: labelOutput, scoreOutputs, classifier }];
}

/** One label for each element; an element whose label cannot be told, or is none of the tensor's type, stays. */
function withLabels(tensor: Tensor, labelOf: (row: number) => JsonValue): Tensor {
  const data = tensor.data.slice();
  for (let row = 0; row < data.length; row += 1) {
    const label = labelOf(row);
    if (Array.isArray(data)) data[row] = typeof label === 'string' ? label : (data[row] ?? '');
    else if (typeof label !== 'number' && typeof label !== 'bigint') continue;
    else if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[row] = BigInt(label);
    else data[row] = Number(label);
  }
  return { ...tensor, data };
}
