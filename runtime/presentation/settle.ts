import { ModelFailure } from '../errors.ts';
import type { ClassificationTarget, Presentation, ScoreKind } from '../onnx/signature.ts';
import { elementCount } from '../tensor/shape.ts';
import type { NamedTensors } from '../tensor/tensor.ts';
import { classScores } from './class-scores.ts';
import type { ClassScores } from './class-scores.ts';

/** A row of probabilities sums to 1 within this. */
const SUM_TOLERANCE = 1e-3;
/** Rounding may lead this far out of [0,1]. */
const RANGE_TOLERANCE = 1e-6;

/**
 * Settles at warm-up, by looking at real outputs, what the graph does not say: whether a classifier's numbers are probabilities
 * (every row sums to 1 and lies in [0,1]) or scores, and whether there is one number for two classes.
 * @param outputs of a run with the presentation's outputs
 * @param rows rows of that run; 1 for a model without a batch axis
 * @returns the presentation to serve with
 * @throws ModelFailure InvalidSpec when there are not as many numbers a row as labels
 */
export function settleScoreKinds(presentation: Presentation, outputs: NamedTensors, rows: number): Presentation {
  if (presentation.task !== 'classification' || rows === 0) return presentation;
  const [first, ...rest] = presentation.targets;
  const settle = (target: ClassificationTarget): ClassificationTarget => settleTarget(target, outputs, rows);
  return { ...presentation, targets: [settle(first), ...rest.map(settle)] };
}

function settleTarget(target: ClassificationTarget, outputs: NamedTensors, rows: number): ClassificationTarget {
  const scores = classScores(target, outputs, rows);
  if (!scores) return target;
  const laidOut = settleLayout(target, scores);
  const settled = { ...laidOut, scoreKind: settleKind(laidOut, scores, { outputs, rows }) };
  return isOpposite(settled, scores, rows) ? { ...settled, scoreLayout: 'opposite' } : settled;
}

interface Run {
  readonly outputs: NamedTensors;
  readonly rows: number;
}

function settleKind(
  { scoreKind, labelOutput, labelColumn }: ClassificationTarget,
  scores: ClassScores,
  { outputs, rows }: Run,
): ScoreKind | 'unknown' {
  if (scoreKind !== 'unknown') return scoreKind;
  const label = labelOutput === undefined ? undefined : outputs.get(labelOutput);
  // Multi-label: a probability for each class on its own.
  const flags = labelColumn === undefined && label !== undefined && elementCount(label.shape) > rows;
  return observedKind(scores, rows, { sumToOne: !flags && scores.width > 1 });
}

/** Two columns (-s, s) are one decision value. */
function isOpposite(target: ClassificationTarget, scores: ClassScores, rows: number): boolean {
  const { scoreKind, scoreLayout, activation } = target;
  if (scoreKind !== 'scores' || scoreLayout !== 'columns' || activation !== 'None' || scores.width !== 2) return false;
  const pairs = Array.from({ length: rows }, (_, row) => [scores.at(row, 0), scores.at(row, 1)] as const);
  return pairs.every(([first, second]) => first === -second) && pairs.some(([first]) => first !== 0);
}

function settleLayout(target: ClassificationTarget, { width }: ClassScores): ClassificationTarget {
  const { labels, scoreLayout } = target;
  if (scoreLayout === 'columns' && width === 1 && (labels === undefined || labels.length === 2)) {
    return { ...target, scoreLayout: 'positive' };
  }
  const expected = scoreLayout === 'columns' ? labels?.length : WIDTHS[scoreLayout];
  if (expected === undefined || expected === width) return target;
  const known = labels ? `${labels.length} labels are known (${preview(labels)})` : `${expected} are expected`;
  throw new ModelFailure(
    'InvalidSpec',
    `The model gives ${width} numbers per row, but ${known}. Give as many labels as the model has classes (model.labels, or labels.json beside the model), in column order.`,
  );
}

/** Numbers per row of two classes. */
const WIDTHS = { positive: 1, mirrored: 2, opposite: 2 } as const;
const PREVIEWED = 5;

function preview(labels: readonly unknown[]): string {
  return labels.slice(0, PREVIEWED).map(String).join(', ') + (labels.length > PREVIEWED ? ', ...' : '');
}

/** What the numbers look like; `unknown` while no row is finite. */
function observedKind(
  scores: ClassScores,
  rows: number,
  { sumToOne }: { readonly sumToOne: boolean },
): ScoreKind | 'unknown' {
  let seen = 0;
  for (let row = 0; row < rows; row += 1) {
    const values = Array.from({ length: scores.width }, (_, column) => scores.at(row, column));
    if (!values.every(Number.isFinite)) continue;
    seen += 1;
    const inRange = values.every((value) => value >= -RANGE_TOLERANCE && value <= 1 + RANGE_TOLERANCE);
    const sum = values.reduce((total, value) => total + value, 0);
    if (!inRange || (sumToOne && Math.abs(sum - 1) > SUM_TOLERANCE)) return 'scores';
  }
  return seen > 0 ? 'probabilities' : 'unknown';
}
