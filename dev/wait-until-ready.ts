import { setTimeout as delay } from 'node:timers/promises';
import type { Kubectl } from './kubectl.ts';
import type { SetDetail } from './progress.ts';

/** The part of a ModelDeployment that says how it is. */
export interface ObservedModel {
  readonly metadata: { readonly generation: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly endpoint?: string;
    readonly model?: { readonly generation?: string; readonly servingGeneration?: string };
    readonly conditions?: readonly Condition[];
  };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export interface WaitOptions {
  readonly namespace: string;
  readonly name: string;
  /** Wait for that GCS generation; without it any will do. */
  readonly modelGeneration?: string;
  /** What to wait for. Default: Ready for the present spec and that model generation. */
  readonly isDone?: (model: ObservedModel) => Promise<boolean>;
  readonly setDetail?: SetDetail;
  /** Default 120,000. */
  readonly timeoutMs?: number;
}

const POLL_MS = 300;

/** Whether status speaks of the present spec and says Ready. */
export function isReady({ metadata, status }: ObservedModel, modelGeneration?: string): boolean {
  if (status?.observedGeneration !== metadata.generation) return false;
  if (modelGeneration !== undefined && status.model?.generation !== modelGeneration) return false;
  return condition(status.conditions, 'Ready')?.status === 'True';
}

/** The reason and message of a model's Ready condition, in a line. */
export function describeReady({ status }: ObservedModel): string {
  const ready = condition(status?.conditions, 'Ready');
  return ready ? `${ready.reason}: ${ready.message}` : 'no status yet';
}

/** @returns the object as wanted @throws Error with its last status when that does not come in time */
export async function waitUntilReady(kubectl: Kubectl, options: WaitOptions): Promise<ObservedModel> {
  const { namespace, name, modelGeneration, setDetail, timeoutMs = 120_000 } = options;
  const isDone = options.isDone ?? ((model) => Promise.resolve(isReady(model, modelGeneration)));
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const model = await kubectl.get<ObservedModel>(['modeldeployment', name, '-n', namespace]);
    if (model && (await isDone(model))) return model;
    const said = model ? describeReady(model) : 'there is no such object';
    setDetail?.(said);
    if (performance.now() > deadline) throw new Error(`${name} is not there after ${timeoutMs / 1_000} s: ${said}`);
    await delay(POLL_MS);
  }
}

function condition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((candidate) => candidate.type === type);
}
