import type { Machine } from '../machine.ts';
import type { SettingSearch } from './find-settings.ts';
import type { Cell, CellResult, Effort, ModelResult, ServerRounds } from './measure-model.ts';
import type { OverloadResult } from './overload.ts';
import type { StartUpResult } from './start-up.ts';

interface Measured {
  /** ISO 8601. */
  readonly date: string;
  readonly machine: Machine;
}

/** bench/results/runtime.json, of `make bench`. */
export interface RuntimeResults extends Measured {
  readonly pinned: boolean;
  readonly effort: Effort;
  readonly models: readonly ModelResult[];
  readonly startUps: readonly StartUpResult[];
  readonly overloads: readonly OverloadResult[];
}

/** bench/results/peers.json, of `make bench-peers`. */
export interface PeerResults extends Measured {
  readonly pinned: boolean;
  readonly effort: Effort;
  readonly missing: readonly { readonly peer: string; readonly reason: string }[];
  readonly searches: readonly SettingSearch[];
  /** Key of a server and what it is. */
  readonly titles: Readonly<Record<string, string>>;
  readonly models: readonly ModelResult[];
}

/** bench/results/memory.json, of `make bench-memory`. */
export interface MemoryResults extends Measured {
  readonly modelMiB: number;
  readonly requests: number;
  /** Of the last sample. */
  readonly residentMiB: number;
  readonly samples: readonly { readonly minute: number; readonly residentMiB: number }[];
}

/** End of the name of a server whose runs have one row each. */
export const ONE_BY_ONE = ', one row a run';

/** Name of a cell on the command line and in goals, e.g. `random-forest v1 1 c64`. */
export function cellName(model: string, { format, rowsPerRequest, connections }: Cell): string {
  return `${model} ${format} ${rowsPerRequest} c${connections}`;
}

/** @returns undefined when it was not measured */
export function findCell(models: readonly ModelResult[], name: string): CellResult | undefined {
  return models.flatMap(({ model, cells }) => cells.filter((cell) => cellName(model, cell) === name))[0];
}

/** @returns undefined when it was not measured */
export function findServer(cell: CellResult | undefined, server: string): ServerRounds | undefined {
  return cell?.servers.find((measured) => measured.server === server);
}
