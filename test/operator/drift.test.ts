import { join } from 'node:path';
import { expect } from 'chai';
import type { ModelDeployment } from '../../operator/api/generated.ts';
import { findDrift, hasDrift } from '../../operator/drift.ts';
import { makeDesiredResources, type Rollout } from '../../operator/resources/index.ts';
import { goldenCases } from '../support/golden.ts';
import { modelDeployment, type Partially } from '../support/model-deployment.ts';

interface Row {
  readonly name: string;
  readonly desired: object;
  readonly live: object;
  /** Fields that differ. */
  readonly fields: readonly string[];
}

const ROWS: readonly Row[] = [
  { name: 'the same', desired: { spec: { a: 1 } }, live: { spec: { a: 1 } }, fields: [] },
  { name: 'a default that the API server filled in', desired: { spec: {} }, live: { spec: { a: 1 } }, fields: [] },
  { name: 'a field that is not set', desired: { spec: { a: undefined } }, live: { spec: { a: 1 } }, fields: [] },
  {
    name: 'a changed field',
    desired: { spec: { a: 1, b: 2 } },
    live: { spec: { a: 3, b: 2 } },
    fields: ['spec.a'],
  },
  { name: 'a removed field', desired: { spec: { a: false } }, live: { spec: {} }, fields: ['spec.a'] },
  { name: 'another type', desired: { spec: { a: '1' } }, live: { spec: { a: 1 } }, fields: ['spec.a'] },
  { name: 'an object that is gone', desired: { spec: { a: {} } }, live: { spec: {} }, fields: ['spec.a'] },
  {
    name: 'several',
    desired: { spec: { a: 1 }, metadata: { labels: { 'app.kubernetes.io/name': 'x' } } },
    live: { spec: { a: 2 }, metadata: { labels: {} } },
    fields: ['spec.a', 'metadata.labels[app.kubernetes.io/name]'],
  },
  {
    name: 'an injected container and a changed image',
    desired: { containers: [{ name: 'runtime', image: 'a' }] },
    live: {
      containers: [
        { name: 'proxy', image: 'p' },
        { name: 'runtime', image: 'b' },
      ],
    },
    fields: ['containers[runtime].image'],
  },
  {
    name: 'a removed item of a merged list',
    desired: { env: [{ name: 'A', value: '1' }] },
    live: { env: [{ name: 'B', value: '1' }] },
    fields: ['env[A]'],
  },
  {
    name: 'ports, whose protocol has a default',
    desired: { ports: [{ name: 'http', containerPort: 8080 }] },
    live: { ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }] },
    fields: [],
  },
  {
    name: 'a Service port of another protocol is another port',
    desired: { ports: [{ port: 80, protocol: 'TCP' }] },
    live: { ports: [{ port: 80, protocol: 'UDP' }] },
    fields: ['ports[80/TCP]'],
  },
  {
    name: 'a key added to a map that is one value',
    desired: { spec: { selector: { app: 'x' } } },
    live: { spec: { selector: { app: 'x', wrong: 'yes' } } },
    fields: ['spec.selector.wrong'],
  },
  {
    name: 'a key added to any other map',
    desired: { metadata: { labels: { app: 'x' } } },
    live: { metadata: { labels: { app: 'x', more: 'yes' } } },
    fields: [],
  },
  {
    name: 'the order of a merged list',
    desired: { volumes: [{ name: 'a' }, { name: 'b' }] },
    live: { volumes: [{ name: 'b' }, { name: 'a' }] },
    fields: [],
  },
  {
    name: 'the order of any other list',
    desired: { args: ['a', 'b'] },
    live: { args: ['b', 'a'] },
    fields: ['args[0]', 'args[1]'],
  },
  {
    name: 'an item added to any other list',
    desired: { tolerations: [{ key: 'a' }] },
    live: { tolerations: [{ key: 'a' }, { key: 'b' }] },
    fields: ['tolerations'],
  },
  {
    name: 'defaults inside the items of any other list',
    desired: { metrics: [{ type: 'Resource' }] },
    live: { metrics: [{ type: 'Resource', resource: {} }] },
    fields: [],
  },
];

describe('drift', () => {
  for (const { name, desired, live, fields } of ROWS) {
    it(`${name}: ${fields.length === 0 ? 'none' : fields.join(', ')}`, () => {
      const drift = [...findDrift(desired, live)];
      expect(drift.map(({ field }) => field)).to.deep.equal(fields);
    });
  }

  it('tells what should be and what is', () => {
    const [drift] = findDrift({ kind: 'A' }, { kind: 'B' });
    expect(drift).to.deep.equal({ field: 'kind', desired: 'A', live: 'B' });
  });

  describe('in any field of any child', () => {
    for (const { name, input } of goldenCases(join(import.meta.dirname, 'resources'))) {
      it(`is found, of ${name}`, () => {
        const { modelDeployment: written, rollout } = input as {
          modelDeployment: Partially<ModelDeployment>;
          rollout?: Rollout;
        };
        const config = { runtimeImage: 'runtime:1', storageEmulatorHost: undefined };
        const children = makeDesiredResources(modelDeployment(written), { generation: undefined, ...rollout }, config);
        const overlooked = children.flatMap((child) =>
          leaves(child)
            .filter((path) => !hasDrift(child, withOther(child, path)))
            .map((path) => path.join('.')),
        );
        expect(children.flatMap(leaves).length).to.be.above(80);
        expect(overlooked).to.deep.equal([]);
      });
    }
  });
});

type Path = readonly (string | number)[];

/** Where every value that is no list and no object stands. */
function leaves(value: unknown): Path[] {
  if (typeof value !== 'object' || value === null) return [[]];
  const entries: (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((item, index) => [index, item] as const)
    : Object.entries(value);
  return entries.flatMap(([key, item]) => leaves(item).map((path) => [key, ...path]));
}

/** A copy in which somebody has changed the value there. */
function withOther<T>(value: T, [key, ...rest]: Path): T {
  if (key === undefined) return (typeof value === 'number' ? value + 1 : `${String(value)}x`) as T;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<string | number, unknown>;
  copy[key] = withOther(copy[key], rest);
  return copy as T;
}
