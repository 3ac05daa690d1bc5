import { expect } from 'chai';
import { repairLists } from '../../operator/list-repair.ts';

interface Row {
  readonly name: string;
  readonly desired: object;
  readonly live: object;
  readonly operations: readonly object[];
}

const HTTP = { name: 'http', port: 80, protocol: 'TCP' };
const RUNTIME = { name: 'runtime', image: 'a', env: [{ name: 'A', value: '1' }] };
const PROXY = { name: 'proxy', image: 'p' };

const ROWS: readonly Row[] = [
  {
    name: 'a port that was given another number makes way, others stay',
    desired: { spec: { ports: [HTTP] } },
    live: {
      spec: {
        ports: [
          { ...HTTP, port: 81 },
          { name: 'extra', port: 9000 },
        ],
      },
    },
    operations: [{ op: 'replace', path: '/spec/ports', value: [HTTP, { name: 'extra', port: 9000 }] }],
  },
  {
    name: 'the innermost list is put right',
    desired: { containers: [RUNTIME] },
    live: { containers: [PROXY, { ...RUNTIME, env: [{ name: 'A', valueFrom: {} }] }] },
    operations: [{ op: 'replace', path: '/containers/1/env', value: [{ name: 'A', value: '1' }] }],
  },
  {
    name: 'an item that differs itself is replaced, injected ones stay',
    desired: { containers: [RUNTIME] },
    live: { containers: [PROXY, { ...RUNTIME, image: 'b', livenessProbe: { exec: {} } }] },
    operations: [{ op: 'replace', path: '/containers', value: [RUNTIME, PROXY] }],
  },
  { name: 'what lies in no merged list', desired: { spec: { a: 1 } }, live: { spec: { a: 2 } }, operations: [] },
  { name: 'a list that is one value', desired: { args: ['a'] }, live: { args: ['b'] }, operations: [] },
  { name: 'nothing', desired: { ports: [HTTP] }, live: { ports: [HTTP, { name: 'x', port: 1 }] }, operations: [] },
];

describe('list repair', () => {
  for (const { name, desired, live, operations } of ROWS) {
    it(`${name}: ${operations.length} operations`, () => {
      expect(repairLists(desired, live)).to.deep.equal(operations);
    });
  }
});
