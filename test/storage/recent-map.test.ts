import { expect } from 'chai';
import { RecentMap } from '../../storage/recent-map.ts';

describe('RecentMap', () => {
  it('drops what was set longest ago', () => {
    const map = new RecentMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    map.set('c', 4);
    expect(['a', 'b', 'c'].map((key) => map.get(key))).to.deep.equal([3, undefined, 4]);
  });
});
