import type { KubernetesObject } from '@kubernetes/client-node';
import { expect } from 'chai';
import { ResourceCache } from '../../../operator/cluster/cache.ts';
import { compareResourceVersions } from '../../../operator/cluster/resource-version.ts';

interface Thing extends KubernetesObject {
  readonly content?: string;
}

function thing(resourceVersion: number, content = `v${resourceVersion}`, uid = 'u1', instance = 'iris'): Thing {
  return {
    kind: 'Thing',
    metadata: {
      name: 'iris',
      namespace: 'a',
      uid,
      resourceVersion: String(resourceVersion),
      labels: { 'app.kubernetes.io/instance': instance },
    },
    content,
  };
}

function listedCache(scope = ''): ResourceCache<Thing> {
  const cache = new ResourceCache<Thing>('by-name');
  cache.listed(scope, '10');
  return cache;
}

const content = (cache: ResourceCache<Thing>): string | undefined => cache.get('a/iris')?.content;

describe('cluster cache', () => {
  for (const scope of ['', 'a']) {
    it(`shows an own write at once and until the watch has delivered it (watch of "${scope}")`, () => {
      const cache = listedCache(scope);
      cache.upsert(thing(11));
      cache.written(thing(14, 'own'));
      expect(content(cache)).to.equal('own');
      cache.upsert(thing(12));
      expect(content(cache)).to.equal('own');
      cache.upsert(thing(14, 'own, delivered'));
      expect(content(cache)).to.equal('own, delivered');
    });
  }

  it('never lets an answer that arrives late hide what the watch delivered since', () => {
    const cache = listedCache();
    cache.upsert(thing(12));
    cache.upsert(thing(15, 'of someone else'));
    cache.written(thing(12, 'own, late'));
    expect(content(cache)).to.equal('of someone else');
  });

  it('gives way to a deletion that came after the own write', () => {
    const cache = listedCache();
    cache.written(thing(12, 'own'));
    cache.remove(thing(13));
    expect(content(cache)).to.equal(undefined);
  });

  it('keeps an own write that came after a deletion', () => {
    const cache = listedCache();
    cache.upsert(thing(11));
    cache.written(thing(14, 'made again', 'u2'));
    cache.remove(thing(13));
    expect(content(cache)).to.equal('made again');
  });

  it('takes a deleted object for gone before the watch says so, but not the next one of that name', () => {
    const cache = listedCache();
    cache.upsert(thing(11));
    cache.deleted(thing(11));
    expect(content(cache)).to.equal(undefined);
    cache.upsert(thing(13, 'next', 'u2'));
    expect(content(cache)).to.equal('next');
  });

  it('believes the list after etcd came back from a backup', () => {
    const cache = listedCache();
    cache.written(thing(20, 'lost'));
    cache.upsert(thing(5, 'restored'));
    cache.listed('', '6');
    expect(content(cache)).to.equal('restored');
  });

  it('keeps other namespaces’ watches apart', () => {
    const cache = new ResourceCache<Thing>('by-name');
    cache.listed('a', '10');
    cache.listed('b', '90');
    cache.written(thing(12, 'own'));
    expect(content(cache)).to.equal('own');
  });

  it('groups by instance label and follows its changes', () => {
    const cache = new ResourceCache<Thing>('by-instance');
    cache.upsert(thing(11));
    expect(cache.group('a/iris')).to.have.lengthOf(1);
    cache.upsert(thing(12, 'moved', 'u1', 'wine'));
    expect(cache.group('a/iris')).to.deep.equal([]);
    expect(cache.group('a/wine')).to.have.lengthOf(1);
    cache.remove(thing(13, 'gone', 'u1', 'other'));
    expect(cache.group('a/wine')).to.deep.equal([]);
    expect([...cache.keys()]).to.deep.equal([]);
  });

  it('orders resource versions as numbers of any length', () => {
    expect(compareResourceVersions('9', '10')).to.be.lessThan(0);
    expect(compareResourceVersions('99999999999999999999', '99999999999999999998')).to.be.greaterThan(0);
    expect(compareResourceVersions('7', '7')).to.equal(0);
  });

  it('takes a whole list over, and tells what appeared, changed or is gone', () => {
    const cache = new ResourceCache<Thing>('by-name');
    const named = (name: string, namespace: string, resourceVersion: number): Thing => {
      const { metadata, ...rest } = thing(resourceVersion, name, `uid-of-${name}`);
      return { ...rest, metadata: Object.assign({}, metadata, { name, namespace }) };
    };
    const first = [named('same', 'a', 3), named('changed', 'a', 4), named('gone', 'a', 5)];
    expect(cache.replace('a', first, '6')).to.deep.equal(first);
    cache.replace('b', [named('elsewhere', 'b', 6)], '6');
    const told = cache.replace('a', [named('same', 'a', 3), named('changed', 'a', 8), named('new', 'a', 7)], '9');
    expect(told.map(({ metadata }) => metadata?.name)).to.have.members(['changed', 'new', 'gone']);
    expect([...cache.keys()]).to.have.members(['a/same', 'a/changed', 'a/new', 'b/elsewhere']);
  });

  it('tells what is news from what the operator wrote itself', () => {
    const cache = listedCache();
    expect(cache.upsert(thing(11)), 'of somebody').to.equal(true);
    cache.written(thing(13, 'own'));
    expect(cache.upsert(thing(12)), 'of somebody, before').to.equal(true);
    expect(cache.upsert(thing(13, 'own')), 'its echo').to.equal(false);
    expect(cache.upsert(thing(13, 'own')), 'the same again').to.equal(true);
    cache.written(thing(15, 'own', 'u2'));
    expect(cache.upsert(thing(15, 'of somebody', 'u1')), 'of another uid').to.equal(true);
    cache.written(thing(14, 'own, late'));
    expect(cache.upsert(thing(16)), 'of somebody, after').to.equal(true);
  });
});
