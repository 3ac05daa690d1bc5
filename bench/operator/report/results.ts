import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../../machine.ts';
import type { Floor } from '../floor.ts';
import type { Creation, Edits, Idle, Restart, Storm } from '../measure.ts';
import type { Takeover } from '../takeover.ts';

/** What one run for one number of models found; one file each in bench/results. */
export interface OperatorResult {
  readonly machine: Machine;
  readonly measuredAt: string;
  /** One-minute load average of the machine before the run: above 0 others used it too. */
  readonly loadBefore: number;
  readonly models: number;
  readonly rssMBWithoutModels: number;
  readonly creation: Creation;
  readonly storm: Storm;
  readonly edits: Edits;
  readonly editsBehindStorm: Edits;
  readonly idle: Idle;
  readonly restart: Restart;
  readonly idleAfterRestart: Idle;
  /** Not in runs from before these were measured. */
  readonly takeover?: Takeover;
  readonly floor?: Floor;
}

/** The same of KServe's controller, as far as it was measured. */
export interface PeerResult {
  readonly models: number;
  readonly allReadySeconds: number;
  readonly requestsPerModel: number;
  readonly cpuMsPerModel: number;
  readonly peakRssMB: number;
  readonly stormRequestsPerModel?: number;
  readonly stormSeconds?: number;
  readonly restartRequests: number;
  readonly restartSeconds: number;
  readonly editP50Ms: number;
  readonly editP99Ms: number;
  readonly editBehindStormP50Ms: number;
}

export const RESULTS = join(import.meta.dirname, '..', '..', 'results');

/** Every committed run, fewest models first. */
export function readResults(): OperatorResult[] {
  return readdirSync(RESULTS)
    .filter((name) => /^operator-\d+\.json$/.test(name))
    .map((name) => JSON.parse(readFileSync(join(RESULTS, name), 'utf8')) as OperatorResult)
    .sort((a, b) => a.models - b.models);
}

/** @returns what was measured, and the runs */
export function readPeer(): { readonly what: string; readonly runs: readonly PeerResult[] } {
  return JSON.parse(readFileSync(join(RESULTS, 'operator-kserve.json'), 'utf8')) as {
    what: string;
    runs: PeerResult[];
  };
}
