import { median } from '../statistics.ts';
import type { LoadClient } from './load/client.ts';
import { measureModel, type Effort } from './measure-model.ts';
import type { BenchModel } from './models.ts';
import { peerServer, type Peer, type PeerModel, type Setting } from './servers/peers.ts';

/** What was tried to find the best setting of a peer. */
export interface SettingSearch {
  readonly peer: string;
  /** Requests of one row a second from 64 connections, the median of the rounds. */
  readonly tried: readonly TriedSetting[];
  readonly best: Setting;
}

/** A setting, and 0 requests with the reason where it does not work. */
export interface TriedSetting {
  readonly setting: Setting;
  readonly requestsPerSecond: number;
  readonly failure?: string;
}

/** Of every server the same: one row, 64 connections. */
const CELL = { format: 'v1', rowsPerRequest: 1, connections: 64 } as const;

interface SearchOptions {
  readonly python: string;
  readonly models: ReadonlyMap<string, PeerModel>;
  readonly model: BenchModel;
  readonly client: LoadClient;
  readonly effort: Effort;
}

/**
 * Measures the settings of a peer one after the other. A peer without a choice is not measured.
 * @throws Error when no setting works
 */
export async function findSetting(peer: Peer, options: SearchOptions): Promise<SettingSearch> {
  const [only = {}] = peer.settings;
  if (peer.settings.length === 1) return { peer: peer.name, tried: [], best: only };
  const tried: TriedSetting[] = [];
  for (const setting of peer.settings) tried.push(await trySetting(peer, setting, options));
  const best = tried.reduce((a, b) => (b.requestsPerSecond > a.requestsPerSecond ? b : a));
  if (best.failure !== undefined) throw new Error(`no setting of ${peer.title} works: ${best.failure}`);
  return { peer: peer.name, tried, best: best.setting };
}

async function trySetting(
  peer: Peer,
  setting: Setting,
  { python, models, model, client, effort }: SearchOptions,
): Promise<TriedSetting> {
  const servers = [peerServer(peer, { python, models, setting })];
  try {
    const { cells } = await measureModel(model, { servers, cells: [CELL], effort, client, onProgress: () => {} });
    const rates = cells[0]!.servers[0]!.rounds.map(({ requestsPerSecond }) => requestsPerSecond);
    return { setting, requestsPerSecond: Math.round(median(rates)) };
  } catch (error) {
    return { setting, requestsPerSecond: 0, failure: String(error).split('\n')[0]! };
  }
}
