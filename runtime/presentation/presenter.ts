import type { ClassificationPresentation, Presentation } from '../onnx/signature.ts';
import type { JsonValue } from '../tensor/element.ts';
import type { NamedTensors } from '../tensor/tensor.ts';
import { TargetClassifier } from './classify-row.ts';
import type { PlainClasses, RowAnswer } from './classify-row.ts';
import { outputOf, rowValues, wholeValue } from './row-values.ts';

/** What a request may ask of an answer. */
export interface PresentOptions {
  /** Only so many most probable classes, in falling order; undefined: all, in column order. */
  readonly topK?: number | undefined;
}

/** Turns a run's outputs into answers. NaN and infinities stay numbers: JSON text shows them as null. */
export interface Presenter {
  /**
   * @param outputs at least the presentation's `outputs`
   * @param rows rows of the run
   * @returns one answer per row
   * @throws RequestError InferenceFailed when an output is missing
   */
  present(outputs: NamedTensors, rows: number, options?: PresentOptions): JsonValue[];
  /** The answer of a model without a batch axis: outputs are not cut into rows. */
  presentWhole(outputs: NamedTensors, options?: PresentOptions): JsonValue;
  /** The answers of a classifier with one target, for who writes all classes as text without making values first; undefined for others. */
  plainClasses?(outputs: NamedTensors, rows: number): PlainClasses | undefined;
}

/** Makes a presenter; label names are prepared once. */
export function makePresenter(presentation: Presentation): Presenter {
  return presentation.task === 'classification'
    ? classificationPresenter(presentation)
    : outputPresenter(presentation.outputs);
}

/** One output: its bare values; several: a value by output name. */
function outputPresenter(names: readonly string[]): Presenter {
  const [only] = names;
  if (only !== undefined && names.length === 1) {
    return {
      present: (outputs, rows) => rowValues(outputOf(outputs, only), rows),
      presentWhole: (outputs) => wholeValue(outputOf(outputs, only)),
    };
  }
  return {
    present: (outputs, rows) => {
      const columns = names.map((name) => [name, rowValues(outputOf(outputs, name), rows)] as const);
      return Array.from(
        { length: rows },
        (_, row) => new Map(columns.map(([name, values]) => [name, values[row] ?? null])),
      );
    },
    presentWhole: (outputs) => new Map(names.map((name) => [name, wholeValue(outputOf(outputs, name))])),
  };
}

function classificationPresenter({ targets }: ClassificationPresentation): Presenter {
  const classifiers = targets.map((target) => new TargetClassifier(target));
  // Only where every target has probabilities may the numbers be called that.
  const key = classifiers.every(({ kind }) => kind === 'probabilities') ? 'probabilities' : 'scores';
  const combine = classifiers.length === 1 ? oneTarget : severalTargets;
  const present = (outputs: NamedTensors, rows: number, options: PresentOptions = {}): JsonValue[] => {
    const bound = classifiers.map((classifier) => classifier.bind(outputs, rows));
    return Array.from({ length: rows }, (_, row) =>
      combine(
        bound.map((classify) => classify(row, options.topK)),
        key,
      ),
    );
  };
  const presentWhole: Presenter['presentWhole'] = (outputs, options) => present(outputs, 1, options)[0] ?? null;
  const [only] = classifiers;
  if (!only || classifiers.length > 1) return { present, presentWhole };
  return { present, presentWhole, plainClasses: (outputs, rows) => only.bindPlain(outputs, rows) };
}

type ScoresKey = 'probabilities' | 'scores';

function oneTarget([answer]: readonly RowAnswer[], key: ScoresKey): JsonValue {
  if (!answer) return null;
  return answer.scores ? { label: answer.label, [key]: answer.scores } : { label: answer.label };
}

function severalTargets(answers: readonly RowAnswer[], key: ScoresKey): JsonValue {
  const label = answers.map((answer) => answer.label);
  if (answers.every(({ scores }) => scores === undefined)) return { label };
  return { label, [key]: answers.map(({ scores }) => scores ?? null) };
}
