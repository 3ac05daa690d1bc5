import { ML, opKey } from './graph-index.ts';
import type { GraphIndex } from './graph-index.ts';
import { ML_DOMAIN, intAttribute } from './node-proto.ts';
import type { FinalOutput } from './rewrite.ts';
import type { ServedOutput } from './served-outputs.ts';
import type { ClassificationTarget, Presentation } from './signature.ts';
import type { TensorType } from './value-info.ts';

type Shape = TensorType['shape'];

/** Passes on every value where it is. */
const KEEPING_SHAPE: ReadonlySet<string> = new Set(['Identity', 'Cast']);
const BINARIZER = `${ML_DOMAIN}.Binarizer`;

/**
 * Puts right what exporters declare wrongly (LightGBM's label `[1]`, CatBoost's regressor `[N]`, binary RidgeClassifier's `[N,2]`, ...),
 * and plans to move rows to axis 0 where they are not (QDA's label `[1,N]`, multi-output forests' `[k,N,C]`).
 */
export function finalOutputs(
  outputs: readonly ServedOutput[],
  presentation: Presentation,
  index: GraphIndex,
): FinalOutput[] {
  return outputs.map((output) => {
    const { shape, permutation } = realShape(output, presentation, index);
    const isSame = JSON.stringify(shape) === JSON.stringify(output.type.shape);
    return { ...output, type: isSame ? output.type : { ...output.type, shape }, permutation };
  });
}

interface RealShape {
  readonly shape: Shape;
  readonly permutation?: readonly number[] | undefined;
}

function realShape(output: ServedOutput, presentation: Presentation, index: GraphIndex): RealShape {
  if (presentation.task === 'regression') return { shape: regressorShape(output, index) };
  if (presentation.task === 'raw') return output.type;
  const { targets } = presentation;
  const scored = targets.find(({ scoreOutputs }) => scoreOutputs.includes(output.name));
  if (scored) return scoreShape(output, scored, targets.length);
  return targets.some(({ labelOutput }) => labelOutput === output.name) ? labelShape(output, index) : output.type;
}

/** A regressor of ai.onnx.ml gives `[N, targets]`. */
function regressorShape({ value, type }: ServedOutput, index: GraphIndex): Shape {
  const { node } = index.origin(value, KEEPING_SHAPE);
  switch (node && opKey(node)) {
    case ML.treeRegressor:
      return withColumns(type.shape, node ? intAttribute(node, 'n_targets') : undefined);
    case ML.linearRegressor:
      return withColumns(type.shape, node ? intAttribute(node, 'targets') : undefined);
    case ML.svmRegressor:
      return withColumns(type.shape, 1);
    default:
      return type.shape;
  }
}

function withColumns(shape: Shape, columns = 1): Shape {
  return [shape?.[0] ?? -1, columns];
}

function scoreShape(output: ServedOutput, target: ClassificationTarget, targets: number): RealShape {
  const { shape } = output.type;
  if (target.scoreIndex !== undefined) return stackedShape(output, targets);
  if (output.sequence && target.labels) return { shape: [-1, target.labels.length] };
  return target.scoreLayout === 'positive' && shape?.length === 2 ? { shape: [shape[0] ?? -1, 1] } : { shape };
}

/** skl2onnx stacks targets on axis 0, `[k,N,C]`, and then may put a ZipMap around it that says nothing of the shape. */
function stackedShape({ type: { shape }, zipMapLabels }: ServedOutput, targets: number): RealShape {
  const permutation = [1, 0, 2];
  if (zipMapLabels) return { shape: [-1, targets, -1], permutation };
  const [first = -1, second = -1, third = -1] = shape ?? [];
  return first === targets ? { shape: [second, first, third], permutation } : { shape };
}

function labelShape({ value, type }: ServedOutput, index: GraphIndex): RealShape {
  const { shape } = type;
  const [first, second] = shape ?? [];
  const { node } = index.origin(value, KEEPING_SHAPE);
  const operator = node && opKey(node);
  if (shape?.length === 1) {
    if (operator === BINARIZER) return { shape: [...shape, -1] };
    return { shape: typeof first === 'number' ? [-1] : shape };
  }
  // ArrayFeatureExtractor on a list of classes gives [1, rows].
  const isRow = shape?.length === 2 && first === 1 && operator === ML.arrayFeatureExtractor;
  return isRow ? { shape: [second ?? -1, 1], permutation: [1, 0] } : { shape };
}
