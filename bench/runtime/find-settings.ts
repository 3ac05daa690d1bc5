import { median } from '../statistics.ts';
import type { LoadClient } from './load/client.ts';
import { measureModel, type Effort } from './measure-model.ts';
import type { BenchModel } from './models.ts';
import { peerServer, type Peer, type PeerModel, type Setting } from './servers/peers.ts';

/** What was tried to find the best setting of a peer. */
export interface SettingSearch {
  readonly peer: string;
  /** Requests of one row a second from 64 connections, the median of the rounds. */
  readonly tried: readonly { readonly setting: Setting; readonly requestsPerSecond: number }[];
  readonly best: Setting;
}

/** Of every server the same: one row, 64 connections. */
const CELL = { format: 'v1', rowsPerRequest: 1, connections: 64 } as const;

/** Measures the settings of a peer in turn. A peer without a choice is not measured. */
export async function findSetting(
  peer: Peer,
  {
    python,
    models,
    model,
    client,
    effort,
  }: {
    python: string;
    models: ReadonlyMap<string, PeerModel>;
    model: BenchModel;
    client: LoadClient;
    effort: Effort;
  },
): Promise<SettingSearch> {
  const [only = {}] = peer.settings;
  if (peer.settings.length === 1) return { peer: peer.name, tried: [], best: only };
  const servers = peer.settings.map((setting, index) => ({
    ...peerServer(peer, { python, models, setting }),
    name: `${peer.name} ${index}`,
  }));
  const { cells } = await measureModel(model, { servers, cells: [CELL], effort, client, onProgress: () => {} });
  const tried = peer.settings.map((setting, index) => {
    const { rounds } = cells[0]!.servers[index]!;
    return { setting, requestsPerSecond: Math.round(median(rounds.map(({ requestsPerSecond }) => requestsPerSecond))) };
  });
  const best = tried.reduce((a, b) => (b.requestsPerSecond > a.requestsPerSecond ? b : a));
  return { peer: peer.name, tried, best: best.setting };
}
