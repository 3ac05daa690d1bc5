import { DATATYPES, datatypeOfOnnx } from '../tensor/datatype.ts';
import { RESHAPING, ML, opKey } from './graph-index.ts';
import type { GraphIndex } from './graph-index.ts';
import { constantOutput, labelSource } from './labels.ts';
import type { LabelSource } from './labels.ts';
import { scoreSource } from './scores.ts';
import type { ScoreSource } from './scores.ts';
import type { ServedOutput } from './served-outputs.ts';
import type { ClassificationTarget, Label, Presentation } from './signature.ts';
import { signatureShape } from './value-info.ts';

/** Name of the output that skl2onnx adds with `output_class_labels=True`. */
const CLASS_LABELS = 'class_labels';

/**
 * Reads from the graph what its outputs mean: a classifier (which output is the label, which the probabilities, what the classes are
 * called), a regressor, or neither.
 */
export function inferPresentation(outputs: readonly ServedOutput[], index: GraphIndex, producer: string): Presentation {
  return classification(outputs, index, producer) ?? regression(outputs, index) ?? raw(outputs);
}

/** All outputs as they are. */
export function raw(outputs: readonly { readonly name: string }[]): Presentation {
  return { task: 'raw', outputs: outputs.map(({ name }) => name) };
}

const REGRESSORS: ReadonlySet<string> = new Set([ML.treeRegressor, ML.linearRegressor, ML.svmRegressor]);

function regression(outputs: readonly ServedOutput[], index: GraphIndex): Presentation | undefined {
  const [output] = outputs;
  if (!output || outputs.length > 1 || !isFloat(output)) return undefined;
  const { shape } = output.type;
  const oneNumber = shape !== undefined && (shape.length === 1 || (shape.length === 2 && shape[1] === 1));
  const { node } = index.origin(output.value, RESHAPING);
  const isRegressor = node !== undefined && REGRESSORS.has(opKey(node));
  return oneNumber || isRegressor ? { task: 'regression', outputs: [output.name] } : undefined;
}

const kindOf = ({ type }: ServedOutput): string | undefined => {
  const datatype = datatypeOfOnnx(type.elemType);
  return datatype && DATATYPES[datatype].kind;
};
const isFloat = (output: ServedOutput): boolean => kindOf(output) === 'float';

/** Everything about a graph's outputs that tells a classifier. */
interface Evidence {
  readonly labelOutput: ServedOutput | undefined;
  readonly source: LabelSource | undefined;
  readonly scores: readonly ScoreOutput[];
  /** From the `class_labels` output. */
  readonly classLabels: readonly Label[] | undefined;
  /** The exporter is CatBoost. */
  readonly isCatBoost: boolean;
}
interface ScoreOutput {
  readonly output: ServedOutput;
  readonly source: ScoreSource;
}

function classification(
  outputs: readonly ServedOutput[],
  index: GraphIndex,
  producer: string,
): Presentation | undefined {
  const evidence = gather(outputs, index, producer);
  const targets =
    evidence.source?.kind === 'several' ? severalTargets(evidence, evidence.source.targets) : oneTarget(evidence);
  const [first, ...rest] = targets;
  if (!first) return undefined;
  const used = new Set(targets.flatMap(({ labelOutput, scoreOutputs }) => [labelOutput ?? '', ...scoreOutputs]));
  const needed = outputs.filter(({ name }) => used.has(name)).map(({ name }) => name);
  return { task: 'classification', targets: [first, ...rest], outputs: needed };
}

function gather(outputs: readonly ServedOutput[], index: GraphIndex, producer: string): Evidence {
  const classLabelsOutput = outputs.find(({ name }) => name === CLASS_LABELS);
  const discrete = outputs
    .filter((output) => !isFloat(output) && output !== classLabelsOutput)
    .map((output) => ({ output, source: labelSource(output.value, index) }));
  const scores = outputs.filter(isFloat).map((output) => ({ output, source: scoreSource(output.value, index) }));
  // With a ZipMap there is no doubt that the other output is the label, even where its origin is not understood.
  const zipped = scores.some(({ output }) => output.zipMapLabels);
  const isLabel = ({ source }: { source: LabelSource | undefined }): boolean =>
    source !== undefined &&
    (source.kind !== 'index' || zipped || scores.some((score) => score.source.value === source.scores));
  const classified = scores.some(({ source }) => source.labels !== undefined);
  const label = discrete.find(isLabel) ?? (zipped || classified ? discrete[0] : undefined);
  return {
    labelOutput: label?.output,
    source: label?.source,
    scores,
    classLabels: classLabelsOutput && constantOutput(classLabelsOutput.value, index),
    isCatBoost: producer.startsWith('CatBoost'),
  };
}

const NO_SCORES = { scoreOutputs: [], scoreIndex: undefined, scoreLayout: 'columns', scoreKind: 'unknown' } as const;

/** Several labels a row, each with its probabilities: elements of a sequence, or a `[k,N,C]` tensor. */
function severalTargets(evidence: Evidence, labels: readonly (readonly Label[])[]): ClassificationTarget[] {
  const elements = evidence.scores.filter(({ output }) => output.sequence);
  const stacked = evidence.scores.find(({ output }) => output.type.shape?.length === 3 || output.zipMapLabels);
  return labels.map((targetLabels, column) => ({
    ...NO_SCORES,
    ...(elements.length === labels.length && elements[column] ? scoresOf(elements[column]) : {}),
    ...(elements.length === 0 && stacked ? { ...scoresOf(stacked), scoreIndex: column } : {}),
    labelOutput: evidence.labelOutput?.name,
    labelColumn: column,
    labels: targetLabels,
    outputLabels: undefined,
    activation: 'None',
    recomputeLabel: false,
  }));
}

function scoresOf({ output, source }: ScoreOutput): Pick<ClassificationTarget, keyof typeof NO_SCORES> {
  return { scoreOutputs: [output.name], scoreIndex: undefined, scoreLayout: source.layout, scoreKind: source.kind };
}

function oneTarget(evidence: Evidence): ClassificationTarget[] {
  const { labelOutput, scores } = evidence;
  const zipped = scores.find(({ output }) => output.zipMapLabels);
  if (!labelOutput && !zipped) return [];
  const known = knownLabels(evidence, zipped);
  const chosen = zipped ? scoresOf(zipped) : (columnScores(scores, known) ?? tensorScores(scores, known));
  const labels = known ?? scores.find(({ output }) => output.name === chosen.scoreOutputs[0])?.source.labels;
  return [
    {
      ...chosen,
      labelOutput: labelOutput?.name,
      labelColumn: undefined,
      labels,
      outputLabels: undefined,
      activation: 'None',
      recomputeLabel: isWrongLabel(evidence, labels),
    },
  ];
}

/** From the ZipMap, else the `class_labels` output, else what the label is made from. */
function knownLabels({ source, classLabels }: Evidence, zipped: ScoreOutput | undefined): readonly Label[] | undefined {
  const zipMapLabels = zipped?.output.zipMapLabels;
  if (zipMapLabels && zipMapLabels.length > 0) return zipMapLabels;
  return classLabels ?? (source?.kind === 'single' ? source.labels : undefined);
}

/** CatBoost's binary label is 0 or 1 whatever the classes are; a bare ArgMax is the class's position, not its name. */
function isWrongLabel({ source, isCatBoost }: Evidence, labels: readonly Label[] | undefined): boolean {
  if (!labels) return false;
  const isPosition = source?.kind === 'index' && labels.some((label, position) => label !== position);
  return isPosition || (isCatBoost && labels.length === 2);
}

/** `zipmap: 'columns'`: one output per class, named `i<label>` or `s<label>`. */
function columnScores(
  scores: readonly ScoreOutput[],
  labels: readonly Label[] | undefined,
): ReturnType<typeof scoresOf> | undefined {
  if (!labels || labels.length < 2) return undefined;
  const columns = labels.map((label) => {
    const name = `${typeof label === 'string' ? 's' : 'i'}${String(label)}`;
    return scores.find(({ output }) => output.name === name);
  });
  const names = columns.flatMap((column) => column?.output.name ?? []);
  return names.length === labels.length ? { ...NO_SCORES, scoreOutputs: names } : undefined;
}

/** The tensor with a number per class: by what made it, by its name, by its width. */
function tensorScores(
  scores: readonly ScoreOutput[],
  labels: readonly Label[] | undefined,
): ReturnType<typeof scoresOf> {
  const fitting = scores.filter(({ output, source }) => fits(output, source, labels));
  const best =
    fitting.find(({ source }) => source.labels) ??
    fitting.find(({ output }) => /prob/i.test(output.name)) ??
    fitting.find(({ output }) => /score|decision|logit/i.test(output.name)) ??
    fitting[0];
  if (!best) return NO_SCORES;
  const chosen = scoresOf(best);
  const columns = signatureShape(best.output.type.shape)?.at(-1);
  const onlyPositive = labels?.length === 2 && columns === 1;
  return onlyPositive && chosen.scoreLayout === 'columns' ? { ...chosen, scoreLayout: 'positive' } : chosen;
}

function fits(output: ServedOutput, source: ScoreSource, labels: readonly Label[] | undefined): boolean {
  const shape = signatureShape(output.type.shape) ?? [-1, -1];
  if (output.sequence || shape.length === 0 || shape.length > 2) return false;
  const [, columns = -1] = shape;
  if (columns === -1 || !labels || columns === labels.length || source.labels?.length === labels.length) return true;
  return columns === 1 && labels.length === 2;
}
