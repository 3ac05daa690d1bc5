import { expect } from 'chai';
import * as fc from 'fast-check';
import { LinkedList, type Place } from '../../../runtime/batching/linked-list.ts';

interface Item {
  readonly number: number;
}

describe('linked list', () => {
  it('holds what a Set would, in the same order, whatever is added and removed', () => {
    const step = fc.record({ adds: fc.boolean(), pick: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const list = new LinkedList<Item>();
        const expected = new Set<Item>();
        const places = new Map<Item, Place<Item>>();
        for (const [number, { adds, pick }] of steps.entries()) {
          const known = [...places.keys()];
          if (adds || known.length === 0) {
            const item = { number };
            places.set(item, list.add(item));
            expected.add(item);
          } else {
            // Also one that has been removed already.
            const item = known[pick % known.length]!;
            list.remove(places.get(item)!);
            expected.delete(item);
          }
          expect([...list]).to.deep.equal([...expected]);
          expect(list.isEmpty).to.equal(expected.size === 0);
        }
      }),
    );
  });

  it('goes on behind an item that is removed while it is visited, to one that is added then', () => {
    const list = new LinkedList<Item>();
    const [first, second, third] = [{ number: 1 }, { number: 2 }, { number: 3 }];
    const place = list.add(first);
    list.add(second);
    const visited: Item[] = [];
    for (const item of list) {
      visited.push(item);
      if (item === first) list.remove(place);
      if (item === second) list.add(third);
    }
    expect(visited).to.deep.equal([first, second, third]);
  });

  it('lets a removed place lead nowhere', () => {
    const list = new LinkedList<Item>();
    list.add({ number: 1 });
    const place = list.add({ number: 2 });
    list.add({ number: 3 });
    list.remove(place);
    expect(place).to.deep.equal({ item: undefined, before: undefined, after: undefined });
    expect([...list].map(({ number }) => number)).to.deep.equal([1, 3]);
  });
});
