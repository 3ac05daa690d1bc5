import { expect } from 'chai';
import { exportedName, InputNames } from '../../../runtime/protocol/input-names.ts';
import { nearestName } from '../../../runtime/protocol/nearest-name.ts';

describe('exportedName', () => {
  const cases: [column: string, exported: string][] = [
    ['age', 'age'],
    ['Amount (EUR)', 'Amount__EUR_'],
    ['monthly fee', 'monthly_fee'],
    ['C++', 'C++'],
    ['2nd floor', '_2nd_floor'],
    ['größe', 'größe'],
    ['面积', '面积'],
    ['²', '²'],
    ['a.b-c', 'a_b_c'],
    ['🏠 size', '__size'],
    ['e\u0301', 'e_'],
  ];
  for (const [column, exported] of cases) {
    it(`calls ${JSON.stringify(column)} ${JSON.stringify(exported)}, as skl2onnx does`, () => {
      expect(exportedName(column)).to.equal(exported);
      expect(exportedName(exported)).to.equal(exported);
    });
  }
});

describe('InputNames', () => {
  const names = new InputNames(
    ['a_b', 'a-b', 'toString'].map((name) => ({ name, datatype: 'FP32', shape: [-1, 1] })),
    'column',
  );

  it('prefers the exact name and finds values in graph order', () => {
    expect(names.valuesOf({ toString: 3, 'a-b': 2, 'a b': 1 }, () => 'row')).to.deep.equal([1, 2, 3]);
  });

  it('does not take inherited members for columns', () => {
    expect(() => names.valuesOf({ 'a-b': 2, 'a b': 1 }, () => 'row')).to.throw('row: missing column "toString"');
  });
});

describe('nearestName', () => {
  const known = ['age', 'monthly_fee', 'probabilities', 'X'];
  const cases: [name: string, nearest: string | undefined][] = [
    ['Age', 'age'],
    ['ag', 'age'],
    ['aeg', undefined],
    ['monthlyfee', 'monthly_fee'],
    ['probabilty', 'probabilities'],
    ['x', 'X'],
    ['Y', undefined],
    ['region', undefined],
    ['', undefined],
    ['a'.repeat(1_000_000), undefined],
  ];
  for (const [name, nearest] of cases) {
    it(`${JSON.stringify(name.slice(0, 12))} is near ${String(nearest)}`, () => {
      expect(nearestName(name, known)).to.equal(nearest);
    });
  }
});
