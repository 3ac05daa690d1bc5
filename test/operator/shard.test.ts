import { expect } from 'chai';
import { assert, integer, property, stringMatching } from 'fast-check';
import { isInShard, WHOLE } from '../../operator/shard.ts';

describe('shard', () => {
  it('has every key in exactly one shard', () => {
    const part = stringMatching(/^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/);
    assert(
      property(part, part, integer({ min: 1, max: 50 }), (namespace, name, count) => {
        const indices = Array.from({ length: count }, (_, index) => index + 1);
        expect(indices.filter((index) => isInShard(`${namespace}/${name}`, { index, count }))).to.have.lengthOf(1);
      }),
    );
  });

  it('spreads keys evenly', () => {
    const keys = Array.from({ length: 10_000 }, (_, index) => `team-${index % 7}/model-${index}` as const);
    for (const count of [2, 3, 5, 8]) {
      for (let index = 1; index <= count; index += 1) {
        const share = keys.filter((key) => isInShard(key, { index, count })).length / keys.length;
        expect(share * count, `shard ${index} of ${count}`).to.be.within(0.9, 1.1);
      }
    }
  });

  it('never changes its mind: shards of different versions run side by side', () => {
    expect(isInShard('default/iris', { index: 2, count: 3 })).to.equal(true);
    expect(isInShard('team-a/fraud', { index: 2, count: 10 })).to.equal(true);
  });

  it('is everything where there is one', () => {
    expect(isInShard('default/iris', WHOLE)).to.equal(true);
  });
});
