import { ModelFailure } from '../errors.ts';
import { raw } from '../onnx/infer-presentation.ts';
import { quote } from '../onnx/quote.ts';
import type {
  Activation,
  ClassificationPresentation,
  ClassificationTarget,
  Label,
  ModelSignature,
  PreparedModel,
  Presentation,
  TensorSpec,
} from '../onnx/signature.ts';
import { DATATYPES } from '../tensor/datatype.ts';
import { formatShape } from '../tensor/shape.ts';
import { LABELS_FILE, metadataLabels } from './label-sources.ts';

/** What the spec and the files beside the model say about presentation. */
export interface ModelSettings {
  /** `Auto`: as the graph says. */
  readonly task: 'Auto' | 'Classification' | 'Regression' | 'Raw';
  /** Class names in column order, by the spec; undefined or empty: not given. */
  readonly labels: readonly Label[] | undefined;
  readonly activation: Activation;
  /** Parsed labels.json (`parseLabelsFile`); undefined when there is none. */
  readonly labelsFile?: readonly Label[] | undefined;
}

/**
 * The signature to serve with: labels come from the spec, else the graph, else labels.json, else `metadata_props`, else are positions.
 * @throws ModelFailure InvalidSpec when the settings do not fit the model
 */
export function applyModelSettings(prepared: PreparedModel, settings: ModelSettings): ModelSignature {
  const { signature } = prepared;
  return { ...signature, presentation: presentationFor(prepared, settings) };
}

function presentationFor(prepared: PreparedModel, settings: ModelSettings): Presentation {
  const { presentation } = prepared.signature;
  const { task } = settings;
  if (task === 'Raw' || task === 'Regression') {
    refuseClassSettings(settings);
    return task === 'Raw' ? raw(prepared.signature.outputs) : asRegression(prepared.signature);
  }
  const isClassifier =
    task === 'Classification' || presentation.task === 'classification' || wantsClasses(prepared, settings);
  return isClassifier ? asClassification(prepared, settings) : presentation;
}

const hasLabels = ({ labels }: ModelSettings): boolean => labels !== undefined && labels.length > 0;

/** Labels and activation of the spec say that it is a classifier; labels found beside or in the file only if they fit an output. */
function wantsClasses(prepared: PreparedModel, settings: ModelSettings): boolean {
  if (hasLabels(settings) || settings.activation !== 'None') return true;
  const found = settings.labelsFile ?? metadataLabels(prepared.metadata);
  const output = found && scoreOutput(prepared.signature);
  if (!output) return false;
  const width = columnsOf(output);
  if (width === undefined) return settings.labelsFile !== undefined;
  return width === found.length || (width === 1 && found.length === 2);
}

function refuseClassSettings({ task, labels, activation }: ModelSettings): void {
  if (activation !== 'None')
    throw invalidSpec(`model.activation is ${activation}, which needs model.task Classification`);
  if (labels && labels.length > 0) throw invalidSpec(`model.labels is given, but model.task is ${task}`);
}

function invalidSpec(problem: string): ModelFailure {
  return new ModelFailure(
    'InvalidSpec',
    `${problem}. Correct the model settings, or leave them out to use what the file says.`,
  );
}

function asRegression({ outputs, presentation }: ModelSignature): Presentation {
  if (presentation.task === 'regression') return presentation;
  if (presentation.task === 'classification') {
    throw invalidSpec('model.task is Regression, but the model is a classifier');
  }
  const [output, ...others] = outputs.filter(isNumeric);
  if (output && others.length === 0) return { task: 'regression', outputs: [output.name] };
  throw invalidSpec(
    `model.task is Regression, which needs exactly one numeric output; the model has ${describe(outputs)}`,
  );
}

const isNumeric = ({ datatype }: TensorSpec): boolean => ['float', 'integer'].includes(DATATYPES[datatype].kind);
const isFloat = ({ datatype }: TensorSpec): boolean => DATATYPES[datatype].kind === 'float';

function describe(outputs: readonly TensorSpec[]): string {
  return outputs.map(({ name, datatype, shape }) => `${quote(name)} (${datatype} ${formatShape(shape)})`).join(', ');
}

function asClassification(prepared: PreparedModel, settings: ModelSettings): ClassificationPresentation {
  const { presentation } = prepared.signature;
  const base = presentation.task === 'classification' ? presentation : fromScores(prepared, settings);
  const [target, ...others] = base.targets;
  if (others.length > 0) {
    if (hasLabels(settings))
      throw invalidSpec('model.labels is given, but the model has several targets with labels of their own');
    if (settings.activation !== 'None')
      throw invalidSpec('model.activation is given, but the model has several targets');
    return base;
  }
  return { ...base, targets: [withActivation(withLabels(target, prepared, settings), settings.activation)] };
}

/** A neural network's output becomes a classifier's scores. */
function fromScores({ signature, scoreKinds }: PreparedModel, settings: ModelSettings): ClassificationPresentation {
  const output = scoreOutput(signature);
  if (!output) {
    throw invalidSpec(
      `the settings say Classification, which needs a float output of shape [rows, classes]; the model has ${describe(signature.outputs)}`,
    );
  }
  const labels = hasLabels(settings) ? settings.labels : undefined;
  const single = columnsOf(output) === 1;
  if (single && labels && labels.length !== 2) {
    throw invalidSpec(
      `output ${quote(output.name)} has one number per row, which tells two classes apart; model.labels has ${labels.length}`,
    );
  }
  const target: ClassificationTarget = {
    labelOutput: undefined,
    labelColumn: undefined,
    scoreOutputs: [output.name],
    scoreIndex: undefined,
    scoreLayout: single ? 'positive' : 'columns',
    labels: undefined,
    outputLabels: undefined,
    scoreKind: scoreKinds.get(output.name) ?? 'unknown',
    activation: 'None',
    recomputeLabel: false,
  };
  return { task: 'classification', targets: [target], outputs: [output.name] };
}

/** The float output that can hold one number per class: by its name, else the first. */
function scoreOutput({ outputs }: ModelSignature): TensorSpec | undefined {
  const fitting = outputs.filter(
    (output) =>
      isFloat(output) && (output.shape === undefined || output.shape.length === 1 || output.shape.length === 2),
  );
  return fitting.find(({ name }) => /prob|logit|score/i.test(name)) ?? fitting[0];
}

/** Numbers per row; undefined where the graph leaves it open. */
function columnsOf({ shape }: TensorSpec): number | undefined {
  if (!shape) return undefined;
  const columns = shape.length === 1 ? 1 : (shape[1] ?? -1);
  return columns === -1 ? undefined : columns;
}

function withLabels(
  target: ClassificationTarget,
  prepared: PreparedModel,
  settings: ModelSettings,
): ClassificationTarget {
  const given = hasLabels(settings) ? settings.labels : undefined;
  const columns = target.labels?.length ?? widthOf(target, prepared.signature);
  if (given) {
    if (columns !== undefined && columns !== given.length) {
      throw invalidSpec(`model.labels has ${given.length} names, but the model has ${columns} classes`);
    }
    return { ...target, labels: given, outputLabels: target.labels ?? positions(given) };
  }
  return target.labels ? target : withFoundLabels(target, columns, { prepared, settings });
}

const positions = (labels: readonly Label[]): number[] => labels.map((_, position) => position);

/** Labels of labels.json, else of `metadata_props`. */
function withFoundLabels(
  target: ClassificationTarget,
  columns: number | undefined,
  { prepared, settings }: { readonly prepared: PreparedModel; readonly settings: ModelSettings },
): ClassificationTarget {
  const labels = settings.labelsFile ?? metadataLabels(prepared.metadata);
  if (!labels) return target;
  if (columns === undefined || columns === labels.length) {
    return { ...target, labels, outputLabels: positions(labels) };
  }
  if (!settings.labelsFile) return target;
  throw new ModelFailure(
    'ModelInvalid',
    `${LABELS_FILE} beside the model has ${labels.length} names, but the model has ${columns} classes. Correct it, in column order.`,
  );
}

/** Classes by the declared outputs; undefined where they are left open. */
function widthOf(
  { scoreOutputs, scoreLayout, scoreIndex }: ClassificationTarget,
  signature: ModelSignature,
): number | undefined {
  if (scoreIndex !== undefined) return undefined;
  if (scoreOutputs.length > 1) return scoreOutputs.length;
  if (scoreLayout !== 'columns') return 2;
  const output = signature.outputs.find(({ name }) => name === scoreOutputs[0]);
  return output && columnsOf(output);
}

function withActivation(target: ClassificationTarget, activation: Activation): ClassificationTarget {
  if (activation === 'None') return target;
  if (target.scoreKind === 'probabilities') {
    throw invalidSpec(`model.activation is ${activation}, but the model's output already holds probabilities`);
  }
  if (target.scoreOutputs.length === 0)
    throw invalidSpec(`model.activation is ${activation}, but the model gives labels only`);
  if (target.scoreLayout !== 'columns' && activation === 'Softmax') {
    throw invalidSpec('model.activation is Softmax, but the model gives one number per row: use Sigmoid');
  }
  return { ...target, activation };
}
