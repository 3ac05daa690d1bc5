import { expect } from 'chai';
import { describeReady, isReady, type ObservedModel } from '../../dev/wait-until-ready.ts';

function model(change: { generation?: number; ready?: string; modelGeneration?: string } = {}): ObservedModel {
  const { generation = 2, ready = 'True', modelGeneration = '17' } = change;
  return {
    metadata: { generation },
    status: {
      observedGeneration: 2,
      model: { generation: modelGeneration },
      conditions: [
        { type: 'Available', status: 'True', reason: 'Ready', message: 'One pod serves.' },
        { type: 'Ready', status: ready, reason: 'RolloutInProgress', message: 'New pods start.' },
      ],
    },
  };
}

describe('isReady', () => {
  const cases: readonly [name: string, observed: ObservedModel, wanted: string | undefined, expected: boolean][] = [
    ['Ready for this spec', model(), undefined, true],
    ['Ready for this spec and model generation', model(), '17', true],
    ['Ready, but of an older spec', model({ generation: 3 }), undefined, false],
    ['Ready, but of an older model generation', model(), '18', false],
    ['not Ready', model({ ready: 'False' }), undefined, false],
    ['an object without status', { metadata: { generation: 1 } }, undefined, false],
  ];
  for (const [name, observed, wanted, expected] of cases) {
    it(`${name}: ${expected}`, () => expect(isReady(observed, wanted)).to.equal(expected));
  }
});

describe('describeReady', () => {
  it('is the reason and the message of the Ready condition', () => {
    expect(describeReady(model())).to.equal('RolloutInProgress: New pods start.');
  });
  it('says so when there is no status', () => {
    expect(describeReady({ metadata: { generation: 1 } })).to.equal('no status yet');
  });
});
