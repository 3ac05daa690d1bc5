import { expect } from 'chai';
import { RESOURCES } from '../../../operator/cluster/resources.ts';
import { shareParts } from '../../../operator/cluster/share-parts.ts';
import { reuse, share, shareEach, shareTexts } from '../../../operator/cluster/shared-values.ts';
import { trim } from '../../../operator/cluster/trim.ts';

function deployment(name: string) {
  const probe = { httpGet: { path: '/livez', port: 'http' } };
  const env = [
    { name: 'MODEL_NAME', value: name },
    { name: 'MODEL_DIR', value: '/models' },
  ];
  const containers = [{ name: 'runtime', image: 'runtime:1', env, livenessProbe: probe }];
  const template = { metadata: { labels: { app: name } }, spec: { containers, volumes: [{ name: 'tmp' }] } };
  return { metadata: { name }, spec: { selector: { matchLabels: { app: name } }, template } };
}

function trimmed(name: string) {
  const object = deployment(name);
  trim(object, RESOURCES.deployment);
  shareParts(object);
  return object;
}

describe('shared values', () => {
  it('are one value where they are alike, and nobody can change it for all', () => {
    const first = share({ a: [{ b: 'shared' }] });
    expect(share({ a: [{ b: 'shared' }] })).to.equal(first);
    expect(share({ a: [{ b: 'other' }] })).to.not.equal(first);
    expect(() => Object.assign(first.a[0]!, { b: 'changed' })).to.throw(TypeError);
    expect(share('text')).to.equal('text');
    expect(share(undefined)).to.equal(undefined);
  });

  it('stay right after more different ones than are remembered', () => {
    for (let index = 0; index < 5_000; index += 1) expect(share({ index })).to.deep.equal({ index });
    expect(share({ index: 1 })).to.deep.equal({ index: 1 });
  });

  it('leave out what is named, and nothing is no matter', () => {
    const values = { kept: { a: 1 }, own: { b: 1 } };
    shareEach(values, (name) => name !== 'own');
    expect(Object.isFrozen(values.kept)).to.equal(true);
    expect(Object.isFrozen(values.own)).to.equal(false);
    shareEach(undefined);
  });

  it('are texts, wherever they are; what they say, and what is frozen or long, stays as it is', () => {
    const long = 'x'.repeat(200);
    const make = () => ({ name: 'iris', list: ['iris', { time: '2026-01-01T00:00:00Z', long, none: null, count: 1 }] });
    const value = { ...make(), frozen: Object.freeze({ name: 'iris' }) };
    shareTexts(value);
    expect(value).to.deep.equal({ ...make(), frozen: { name: 'iris' } });
    for (let index = 0; index < 10_000; index += 1) {
      const object = { text: `text-${index}` };
      shareTexts(object);
      expect(object.text).to.equal(`text-${index}`);
    }
  });

  it('are what Deployments have in common; what they say stays the same', () => {
    const [first, second] = [trimmed('iris'), trimmed('wine')];
    const [[one], [other]] = [first.spec.template.spec.containers, second.spec.template.spec.containers];
    expect(one!.livenessProbe).to.equal(other!.livenessProbe);
    expect(one!.env[1]).to.equal(other!.env[1]);
    expect(first.spec.template.spec.volumes).to.equal(second.spec.template.spec.volumes);
    for (const [object, name] of [
      [first, 'iris'],
      [second, 'wine'],
    ] as const) {
      expect(object.spec).to.deep.equal(deployment(name).spec);
    }
  });

  it('are those of the version before, as far as they have not changed', () => {
    const before = trimmed('iris');
    const next = { ...deployment('iris'), status: { replicas: 1 } };
    next.spec.template.spec.containers[0]!.image = 'runtime:2';
    const expected = structuredClone(next);
    reuse(next, before);
    expect(next).to.deep.equal(expected);
    expect(next.spec.selector).to.equal(before.spec.selector);
    expect(next.spec.template.spec.containers[0]!.env).to.equal(before.spec.template.spec.containers[0]!.env);
    expect(before.spec.template.spec.containers[0]!.image).to.equal('runtime:1');
  });

  const CHANGED: readonly (readonly [name: string, before: unknown, next: object])[] = [
    ['a field more', { a: { b: 1 } }, { a: { b: 1, c: 2 } }],
    ['a field less', { a: { b: 1, c: 2 } }, { a: { b: 1 } }],
    ['a field for another', { a: { b: 1 } }, { a: { c: 1 } }],
    ['a list for a record', { a: { 0: 'x' } }, { a: ['x'] }],
    ['a longer list', { a: ['x'] }, { a: ['x', 'y'] }],
    ['a shorter list', { a: ['x', 'y'] }, { a: ['x'] }],
    ['null for a record', { a: { b: 1 } }, { a: null }],
    ['a record for null', { a: null }, { a: { b: 1 } }],
    ['a shared value', { a: { b: 1 } }, { a: Object.freeze({ b: 2 }) }],
    ['nothing before', undefined, { a: { b: 1 } }],
  ];
  for (const [name, before, next] of CHANGED) {
    it(`say what is new: ${name}`, () => {
      const [expected, old] = [structuredClone(next), structuredClone(before)];
      expect(reuse(next, before)).to.equal(next);
      expect(next).to.deep.equal(expected);
      expect(before).to.deep.equal(old);
    });
  }

  it('are the one before where nothing has changed', () => {
    const before = { a: [{ b: null, c: 'text' }] };
    expect(reuse(structuredClone(before), before)).to.equal(before);
  });
});
