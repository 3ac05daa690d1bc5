import { expect } from 'chai';
import type { KubernetesObject } from '@kubernetes/client-node';
import { FaultCounter, type ChaosResult } from '../../../bench/operator/chaos/result.ts';
import { describeChange } from '../../../bench/operator/chaos/writes.ts';
import { chaosSection } from '../../../bench/operator/report/chaos-section.ts';

describe('what the chaos run tells', () => {
  const make = (replicas: number, ready: number): KubernetesObject =>
    ({ kind: 'ModelDeployment', spec: { replicas }, status: { readyReplicas: ready } }) as KubernetesObject;

  it('names the fields that a write changed', () => {
    expect(describeChange(make(1, 0), make(1, 1))).to.equal('; status.readyReplicas: 0 -> 1');
    expect(describeChange(make(1, 1), make(1, 1))).to.equal('');
    expect(describeChange(undefined, make(1, 1))).to.equal('');
  });

  it('counts faults, most frequent first', () => {
    const faults = new FaultCounter();
    faults.add('cut', 1);
    faults.add('kill', 2.4);
    faults.add('kill', 9.6);
    expect(faults.all).to.deep.equal([
      { name: 'kill', count: 2, longestSeconds: 10 },
      { name: 'cut', count: 1, longestSeconds: 1 },
    ]);
  });

  it('makes a section that shows what was wrong', () => {
    const result = {
      machine: { cores: 2, cpu: 'a processor' },
      startedAt: '2026-01-02T03:04:05.000Z',
      faults: [{ name: 'kill', count: 2, longestSeconds: 10 }],
      isGood: false,
      lateWrites: [],
      quietWrites: ['a patch'],
      fencing: [],
      peakRssMB: [100, 110],
    } as unknown as ChaosResult;
    const text = chaosSection(result).join('\n');
    expect(text).to.contain('**bad**').and.to.contain('quiet time at the end: 1 (`a patch`)');
    expect(text).to.contain('| kill | 2 | 10 |').and.to.contain('Not every object');
  });
});
