import type { V1EnvVar } from '@kubernetes/client-node';
import { DEFAULTS, ENV, MAX_ROWS_UNLESS_SET, USER_ENV } from '../../runtime/contract.ts';
import { parseModelPath } from '../../storage/model-path.ts';
import { durationToMs } from '../api/duration.ts';
import type { ModelDeployment, ModelDeploymentSpec } from '../api/generated.ts';
import { quantityToInteger } from '../api/quantity.ts';
import { asStored } from './as-stored.ts';
import { parseField } from './invalid-spec.ts';
import type { Rollout, TemplateConfig } from './inputs.ts';
import { MODEL_DIRECTORY, claimFile } from './volumes.ts';

const OWNED_NAMES: ReadonlySet<string> = new Set(Object.values(ENV).filter((name) => !USER_ENV.includes(name)));

/**
 * Environment of the runtime container, in a fixed order. What is the runtime's default is left out, so that a template
 * changes only when something changes. The user's own variables follow; a name of the contract is never theirs.
 * @throws InvalidSpecError
 */
export function makeEnvironment(
  modelDeployment: ModelDeployment,
  rollout: Rollout,
  config: TemplateConfig,
): V1EnvVar[] {
  const { spec } = modelDeployment;
  const settings: Record<string, string | undefined> = {
    ...modelSettings(modelDeployment, rollout),
    ...servingSettings(spec),
    [ENV.modelDir]: MODEL_DIRECTORY,
    [ENV.storageEmulatorHost]: config.storageEmulatorHost,
  };
  return [
    ...Object.entries(settings).flatMap(([name, value]) => (value ? [{ name, value: escapeReferences(value) }] : [])),
    limitOf(ENV.cpuLimitMillis, 'limits.cpu', '1m'),
    limitOf(ENV.memoryLimitBytes, 'limits.memory', '1'),
    ...(spec.env ?? []).filter(({ name }) => !OWNED_NAMES.has(name)).map(asStored),
  ];
}

function modelSettings(
  { metadata, spec: { model } }: ModelDeployment,
  rollout: Rollout,
): Record<string, string | undefined> {
  const path = parseField('spec.model.path', () => parseModelPath(model.path));
  return {
    [ENV.modelPath]: path.kind === 'pvc' ? claimFile(path.path) : model.path,
    [ENV.modelName]: metadata.name,
    [ENV.modelGeneration]: rollout.generation,
    [ENV.modelSha256]: model.sha256,
    [ENV.modelTask]: unlessDefault(model.task, DEFAULTS.modelTask),
    [ENV.modelLabels]: model.labels && JSON.stringify(model.labels),
    [ENV.modelActivation]: unlessDefault(model.activation, DEFAULTS.modelActivation),
  };
}

function servingSettings(spec: ModelDeploymentSpec): Record<string, string | undefined> {
  const maxRequestBytes = parseField('spec.maxRequestBytes', () => quantityToInteger(spec.maxRequestBytes));
  return {
    [ENV.batchingMaxRows]: unlessDefault(spec.batching.maxRows ?? MAX_ROWS_UNLESS_SET, DEFAULTS.batchingMaxRows),
    [ENV.batchingMaxQueuedRows]: unlessDefault(spec.batching.maxQueuedRows, DEFAULTS.batchingMaxQueuedRows),
    [ENV.maxRequestBytes]: unlessDefault(maxRequestBytes, DEFAULTS.maxRequestBytes),
    [ENV.requestTimeoutMs]: unlessDefault(requestTimeoutMs(spec), DEFAULTS.requestTimeoutMs),
    [ENV.drainTimeoutMs]: unlessDefault(drainTimeoutMs(spec), DEFAULTS.drainTimeoutMs),
    [ENV.logLevel]: unlessDefault(spec.logLevel, DEFAULTS.logLevel),
  };
}

/** Milliseconds that requests in flight get after SIGTERM: as long as the slowest request may take, so that none is cut. */
export function drainTimeoutMs(spec: ModelDeploymentSpec): number {
  return Math.max(requestTimeoutMs(spec), DEFAULTS.drainTimeoutMs);
}

function requestTimeoutMs(spec: ModelDeploymentSpec): number {
  return parseField('spec.requestTimeout', () => durationToMs(spec.requestTimeout));
}

function unlessDefault(value: string | number, byDefault: string | number): string | undefined {
  return value === byDefault ? undefined : String(value);
}

/** The Downward API fills in the node's size where the container has no limit. */
function limitOf(name: string, resource: string, divisor: string): V1EnvVar {
  return { name, valueFrom: { resourceFieldRef: { resource, divisor } } };
}

/** The kubelet expands `$(NAME)` in values and turns `$$` into `$`; paths and labels mean themselves. */
function escapeReferences(value: string): string {
  return value.replaceAll('$', '$$$$');
}
