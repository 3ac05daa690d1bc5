import { setTimeout as delay } from 'node:timers/promises';
import type { ControlPlane } from '../../../dev/control-plane.ts';
import type { FaultyApiServer } from '../../../dev/faulty-api-server.ts';
import type { ModelStore } from '../model-store.ts';
import type { Replica } from './replica.ts';

/** What faults are done to. */
export interface Surroundings {
  readonly controlPlane: ControlPlane;
  readonly store: ModelStore;
  readonly replicas: readonly Replica[];
  /** In [0, 1). */
  readonly random: () => number;
}

/** Something that breaks for a while and is whole again when the promise resolves. */
export interface Fault {
  readonly name: string;
  readonly happen: (surroundings: Surroundings) => Promise<void>;
}

/** Everything the run breaks. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'one operator is killed (SIGKILL) and started again',
    happen: async ({ replicas, random }) => {
      const replica = pick(replicas, random);
      await replica.stop('SIGKILL');
      await seconds(between(random, 0, 5));
      await replica.start();
    },
  },
  {
    name: 'both operators are killed at once and started again',
    happen: async ({ replicas, random }) => {
      await Promise.all(replicas.map((replica) => replica.stop('SIGKILL')));
      await seconds(between(random, 0, 5));
      await Promise.all(replicas.map((replica) => replica.start()));
    },
  },
  {
    name: 'one operator is ended (SIGTERM) and started again',
    happen: async ({ replicas, random }) => {
      const replica = pick(replicas, random);
      await replica.stop('SIGTERM');
      await replica.start();
    },
  },
  {
    name: 'one operator stands still (SIGSTOP) for up to 25 s, longer than its lease',
    happen: async ({ replicas, random }) => {
      const replica = pick(replicas, random);
      replica.pause();
      await seconds(between(random, 2, 25));
      replica.resume();
    },
  },
  {
    name: 'the API server is killed and started again',
    happen: async ({ controlPlane, random }) => {
      await controlPlane.stopApiServer();
      await seconds(between(random, 0, 15));
      await controlPlane.startApiServer();
    },
  },
  {
    name: 'the API server is killed, etcd forgets its history, the API server is started again (410 Gone)',
    happen: async ({ controlPlane }) => {
      await controlPlane.stopApiServer();
      await controlPlane.compact();
      await controlPlane.startApiServer();
    },
  },
  {
    name: 'the API server stands still',
    happen: async ({ controlPlane, random }) => {
      controlPlane.pause('kube-apiserver');
      await seconds(between(random, 2, 20));
      controlPlane.resume('kube-apiserver');
    },
  },
  {
    name: 'etcd stands still',
    happen: async ({ controlPlane, random }) => {
      controlPlane.pause('etcd');
      await seconds(between(random, 2, 20));
      controlPlane.resume('etcd');
    },
  },
  {
    name: 'etcd takes no writes (its disk is full)',
    happen: async ({ controlPlane, random }) => {
      await controlPlane.setReadOnly(true);
      await seconds(between(random, 2, 20));
      await controlPlane.setReadOnly(false);
    },
  },
  atNetwork('one operator’s network is a black hole', () => ({ kind: 'silence' }), [2, 40]),
  atNetwork('one operator’s connections are refused', () => ({ kind: 'refuse' }), [1, 25]),
  atNetwork('open watches of one operator say nothing more', () => ({ kind: 'stall-watches' }), [1, 5]),
  atNetwork('half of all requests are answered 429 with Retry-After', () => RETRY, [5, 20]),
  atNetwork('half of all requests are answered 500', () => ({ kind: 'status', status: 500, share: 0.5 }), [5, 20]),
  atNetwork('all requests are answered 503', () => ({ kind: 'status', status: 503, share: 1 }), [2, 15]),
  atNetwork('every request takes half a second longer', () => ({ kind: 'slow', delayMs: 500 }), [5, 30]),
  {
    name: 'every connection of both operators is cut',
    happen: async ({ replicas }) => {
      for (const { apiServer } of replicas) apiServer.cut();
    },
  },
  {
    name: 'storage answers 503',
    happen: async ({ store, random }) => {
      store.behaviour = { delayMs: 0, failWith: 503 };
      await seconds(between(random, 5, 90));
      store.behaviour = { delayMs: 0, failWith: undefined };
    },
  },
  {
    name: 'storage takes 12 s for every answer, longer than the operator waits',
    happen: async ({ store, random }) => {
      store.behaviour = { delayMs: 12_000, failWith: undefined };
      await seconds(between(random, 5, 90));
      store.behaviour = { delayMs: 0, failWith: undefined };
    },
  },
];

const RETRY: FaultyApiServer['fault'] = { kind: 'status', status: 429, share: 0.5, retryAfterSeconds: 1 };

/** Happens between one operator, or each, and the API server. */
function atNetwork(
  name: string,
  fault: () => FaultyApiServer['fault'],
  [shortest, longest]: readonly [number, number],
): Fault {
  return {
    name,
    happen: async ({ replicas, random }) => {
      const { apiServer } = pick(replicas, random);
      apiServer.fault = fault();
      await seconds(between(random, shortest, longest));
      apiServer.fault = { kind: 'none' };
    },
  };
}

export function pick<T>(values: readonly T[], random: () => number): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new RangeError('nothing to pick from');
  return value;
}

export function between(random: () => number, low: number, high: number): number {
  return low + (high - low) * random();
}

export function seconds(count: number): Promise<void> {
  return delay(count * 1_000);
}
