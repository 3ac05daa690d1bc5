import { expect } from 'chai';
import { RequestError } from '../../../runtime/errors.ts';
import type { ClassificationTarget, Presentation } from '../../../runtime/onnx/signature.ts';
import { makePresenter } from '../../../runtime/presentation/presenter.ts';
import type { Datatype, NamedTensors, Tensor, TensorData } from '../../../runtime/tensor/tensor.ts';

const tensor = (datatype: Datatype, shape: readonly number[], data: TensorData): Tensor => ({ datatype, shape, data });
const floats = (shape: readonly number[], ...values: readonly number[]): Tensor =>
  tensor('FP32', shape, Float32Array.from(values));
const doubles = (shape: readonly number[], ...values: readonly number[]): Tensor =>
  tensor('FP64', shape, Float64Array.from(values));
const int64s = (shape: readonly number[], ...values: readonly bigint[]): Tensor =>
  tensor('INT64', shape, BigInt64Array.from(values));
const texts = (...values: string[]): Tensor => tensor('BYTES', [values.length], values);
const outputs = (named: Readonly<Record<string, Tensor>>): NamedTensors => new Map(Object.entries(named));

const TARGET: ClassificationTarget = {
  labelOutput: undefined,
  labelColumn: undefined,
  scoreOutputs: ['p'],
  scoreIndex: undefined,
  scoreLayout: 'columns',
  labels: ['a', 'b', 'c'],
  outputLabels: undefined,
  scoreKind: 'probabilities',
  activation: 'None',
  recomputeLabel: false,
};
function classifier(
  ...overrides: readonly [Partial<ClassificationTarget>, ...Partial<ClassificationTarget>[]]
): Presentation {
  const [first, ...rest] = overrides;
  return {
    task: 'classification',
    targets: [{ ...TARGET, ...first }, ...rest.map((target) => ({ ...TARGET, ...target }))],
    outputs: [],
  };
}
/** Maps as lists of entries, so that their order counts. */
const inOrder = (value: unknown): unknown => {
  if (value instanceof Map) return [...(value as Map<string, unknown>)].map(([key, entry]) => [key, inOrder(entry)]);
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, inOrder(entry)]));
};
const present = (
  presentation: Presentation,
  tensors: Readonly<Record<string, Tensor>>,
  rows: number,
  topK?: number,
): unknown => inOrder(makePresenter(presentation).present(outputs(tensors), rows, { topK }));

describe('a classifier answers with', () => {
  it('label and probabilities in column order, floats as short as they can be', () => {
    const tensors = { label: texts('b', 'a'), p: floats([2, 3], 0.1, 0.7, 0.2, 0.5, 0.25, 0.25) };
    expect(present(classifier({ labelOutput: 'label' }), tensors, 2)).to.deep.equal([
      {
        label: 'b',
        probabilities: [
          ['a', 0.1],
          ['b', 0.7],
          ['c', 0.2],
        ],
      },
      {
        label: 'a',
        probabilities: [
          ['a', 0.5],
          ['b', 0.25],
          ['c', 0.25],
        ],
      },
    ]);
  });

  it('integer labels in column order, which an object would sort', () => {
    const tensors = { label: int64s([1], 10n), p: floats([1, 2], 0.25, 0.75) };
    expect(present(classifier({ labelOutput: 'label', labels: [20, 10] }), tensors, 1)).to.deep.equal([
      {
        label: 10,
        probabilities: [
          ['20', 0.25],
          ['10', 0.75],
        ],
      },
    ]);
  });

  it('labels of every kind with their JSON type', () => {
    const wide = 2n ** 60n + 1n;
    expect(
      present(classifier({ labelOutput: 'label', scoreOutputs: [] }), { label: int64s([1], wide) }, 1),
    ).to.deep.equal([{ label: wide }]);
    const p = floats([1, 2], 0.25, 0.75);
    expect(present(classifier({ labels: [false, true] }), { p }, 1)).to.deep.equal([
      {
        label: true,
        probabilities: [
          ['false', 0.25],
          ['true', 0.75],
        ],
      },
    ]);
    expect(present(classifier({ labels: [0n, wide] }), { p }, 1)).to.deep.equal([
      {
        label: wide,
        probabilities: [
          ['0', 0.25],
          [String(wide), 0.75],
        ],
      },
    ]);
  });

  it('positions where classes have no names', () => {
    expect(present(classifier({ labels: undefined }), { p: floats([1, 3], 0.2, 0.3, 0.5) }, 1)).to.deep.equal([
      {
        label: 2,
        probabilities: [
          ['0', 0.2],
          ['1', 0.3],
          ['2', 0.5],
        ],
      },
    ]);
  });

  it('the most probable classes only, falling, equal ones in column order', () => {
    const p = floats([1, 3], 0.25, 0.5, 0.25);
    expect(present(classifier({}), { p }, 1, 2)).to.deep.equal([
      {
        label: 'b',
        probabilities: [
          ['b', 0.5],
          ['a', 0.25],
        ],
      },
    ]);
    expect(present(classifier({}), { p }, 1, 100)).to.deep.equal([
      {
        label: 'b',
        probabilities: [
          ['b', 0.5],
          ['a', 0.25],
          ['c', 0.25],
        ],
      },
    ]);
  });

  it('one number per class from an output per class', () => {
    const columns = { i0: floats([2], 0.1, 0.6), i1: floats([2, 1], 0.9, 0.4) };
    expect(present(classifier({ scoreOutputs: ['i0', 'i1'], labels: [0, 1] }), columns, 2)).to.deep.equal([
      {
        label: 1,
        probabilities: [
          ['0', 0.1],
          ['1', 0.9],
        ],
      },
      {
        label: 0,
        probabilities: [
          ['0', 0.6],
          ['1', 0.4],
        ],
      },
    ]);
  });

  it('scores, never called probabilities, when they are that or nobody knows', () => {
    for (const scoreKind of ['scores', 'unknown'] as const) {
      expect(present(classifier({ scoreKind }), { p: floats([1, 3], 2.5, -1, 0) }, 1)).to.deep.equal([
        {
          label: 'a',
          scores: [
            ['a', 2.5],
            ['b', -1],
            ['c', 0],
          ],
        },
      ]);
    }
  });

  it('the label of the graph, also where another class has the largest number', () => {
    const tensors = { label: texts('c'), p: floats([1, 3], 0.9, 0.05, 0.05) };
    expect(present(classifier({ labelOutput: 'label' }), tensors, 1)).to.deep.nested.property('[0].label', 'c');
    expect(present(classifier({ labelOutput: 'label', recomputeLabel: true }), tensors, 1)).to.deep.nested.property(
      '[0].label',
      'a',
    );
  });

  it('the names of the spec for the labels of the graph', () => {
    const named = { labelOutput: 'label', labels: ['cat', 'dog'], outputLabels: [0, 1] } as const;
    const p = floats([2, 2], 0.9, 0.1, 0.3, 0.7);
    expect(present(classifier(named), { label: int64s([2], 0n, 1n), p }, 2)).to.deep.equal([
      {
        label: 'cat',
        probabilities: [
          ['cat', 0.9],
          ['dog', 0.1],
        ],
      },
      {
        label: 'dog',
        probabilities: [
          ['cat', 0.3],
          ['dog', 0.7],
        ],
      },
    ]);
  });

  it('one decision value, of the second class, where the graph gives one number for two', () => {
    const binary = { labels: ['no', 'yes'], scoreKind: 'scores' } as const;
    const expected = [
      { label: 'yes', scores: [['yes', 1.5]] },
      { label: 'no', scores: [['yes', -0.5]] },
    ];
    expect(
      present(classifier({ ...binary, scoreLayout: 'positive' }), { p: floats([2, 1], 1.5, -0.5) }, 2),
    ).to.deep.equal(expected);
    expect(present(classifier({ ...binary, scoreLayout: 'positive' }), { p: floats([2], 1.5, -0.5) }, 2)).to.deep.equal(
      expected,
    );
    expect(
      present(classifier({ ...binary, scoreLayout: 'mirrored' }), { p: floats([2, 2], 1.5, -1.5, -0.5, 0.5) }, 2),
    ).to.deep.equal(expected);
    expect(
      present(classifier({ ...binary, scoreLayout: 'opposite' }), { p: floats([2, 2], -1.5, 1.5, 0.5, -0.5) }, 2),
    ).to.deep.equal(expected);
  });

  it('both probabilities where the graph gives that of the second class', () => {
    const binary = classifier({ labels: ['no', 'yes'], scoreLayout: 'positive' });
    expect(present(binary, { p: doubles([2, 1], 0.75, 0.25) }, 2)).to.deep.equal([
      {
        label: 'yes',
        probabilities: [
          ['no', 0.25],
          ['yes', 0.75],
        ],
      },
      {
        label: 'no',
        probabilities: [
          ['no', 0.75],
          ['yes', 0.25],
        ],
      },
    ]);
  });

  it('null for a number that is not finite, and no label when all are NaN', () => {
    const tensors = {
      p: floats([2, 3], Number.NaN, 0.5, Number.POSITIVE_INFINITY, Number.NaN, Number.NaN, Number.NaN),
    };
    const answers = makePresenter(classifier({})).present(outputs(tensors), 2) as {
      label: unknown;
      probabilities: Map<string, number>;
    }[];
    expect(answers.map(({ label }) => label)).to.deep.equal(['c', null]);
    expect([...answers[0]!.probabilities.values()].map((value) => JSON.stringify(value))).to.deep.equal([
      'null',
      '0.5',
      'null',
    ]);
  });

  it('several labels and their probabilities for several targets, from a sequence or a stack', () => {
    const label = int64s([2, 2], 0n, 7n, 1n, 2n);
    const labels = [
      [0, 1, 2],
      [2, 7],
    ];
    const expected = [
      {
        label: [0, 7],
        probabilities: [
          [
            ['0', 0.5],
            ['1', 0.25],
            ['2', 0.25],
          ],
          [
            ['2', 0.125],
            ['7', 0.875],
          ],
        ],
      },
      {
        label: [1, 2],
        probabilities: [
          [
            ['0', 0],
            ['1', 1],
            ['2', 0],
          ],
          [
            ['2', 1],
            ['7', 0],
          ],
        ],
      },
    ];
    const target = (column: number): Partial<ClassificationTarget> => ({
      labelOutput: 'label',
      labelColumn: column,
      labels: labels[column]!,
    });
    const sequence = classifier({ ...target(0), scoreOutputs: ['p[0]'] }, { ...target(1), scoreOutputs: ['p[1]'] });
    const elements = { 'p[0]': floats([2, 3], 0.5, 0.25, 0.25, 0, 1, 0), 'p[1]': floats([2, 2], 0.125, 0.875, 1, 0) };
    expect(present(sequence, { label, ...elements }, 2)).to.deep.equal(expected);
    const stack = classifier({ ...target(0), scoreIndex: 0 }, { ...target(1), scoreIndex: 1 });
    const p = floats([2, 2, 3], 0.5, 0.25, 0.25, 0.125, 0.875, 0, 0, 1, 0, 1, 0, 0);
    expect(present(stack, { label, p }, 2)).to.deep.equal(expected);
  });

  it('scores for all targets when one of them has no probabilities', () => {
    const p = floats([1, 3], 0.5, 0.25, 0.25);
    expect(present(classifier({}, { scoreKind: 'scores' }), { p }, 1)).to.have.nested.property('[0].scores');
  });

  it('a flag per class for a multi-label model', () => {
    const tensors = { label: int64s([2, 3], 1n, 0n, 1n, 0n, 0n, 0n), p: floats([2, 3], 0.9, 0.1, 0.8, 0, 0, 0) };
    expect(present(classifier({ labelOutput: 'label' }), tensors, 2)).to.have.deep.nested.property(
      '[0].label',
      [1, 0, 1],
    );
  });

  it('a whole answer for a model without a batch axis', () => {
    const answer = makePresenter(classifier({})).presentWhole(outputs({ p: floats([3], 0.25, 0.5, 0.25) }));
    expect(inOrder(answer)).to.deep.equal({
      label: 'b',
      probabilities: [
        ['a', 0.25],
        ['b', 0.5],
        ['c', 0.25],
      ],
    });
  });
});

describe('activations', () => {
  const expectNear = (answer: unknown, expected: readonly number[]): void => {
    const numbers = (answer as { probabilities: [string, number][] }[])[0]!.probabilities.map(([, value]) => value);
    expect(numbers).to.have.lengthOf(expected.length);
    numbers.forEach((value, index) => expect(value).to.be.closeTo(expected[index]!, 1e-6));
  };

  it('Softmax makes logits into probabilities, however large', () => {
    const softmax = classifier({ scoreKind: 'scores', activation: 'Softmax' });
    expectNear(present(softmax, { p: floats([1, 3], 1, 2, 3) }, 1), [0.09003057, 0.24472848, 0.66524094]);
    expectNear(present(softmax, { p: floats([1, 3], 1000, 1000, -1000) }, 1), [0.5, 0.5, 0]);
  });

  it('Sigmoid makes each logit into a probability of its own', () => {
    const sigmoid = classifier({ scoreKind: 'scores', activation: 'Sigmoid' });
    expectNear(present(sigmoid, { p: floats([1, 3], 0, 2, -2) }, 1), [0.5, 0.8807971, 0.1192029]);
  });

  it('Sigmoid makes a single logit into two probabilities', () => {
    const single = classifier({
      scoreKind: 'scores',
      activation: 'Sigmoid',
      scoreLayout: 'positive',
      labels: ['no', 'yes'],
    });
    expectNear(present(single, { p: floats([1, 1], 2) }, 1), [0.1192029, 0.8807971]);
    expect(present(single, { p: floats([1, 1], -3) }, 1)).to.have.nested.property('[0].label', 'no');
  });

  it('print no more digits than the float32 they come from', () => {
    const text = JSON.stringify(present(classifier({ activation: 'Softmax' }), { p: floats([1, 3], 1, 2, 3) }, 1));
    for (const digits of text.match(/\d+\.\d+/g)!) expect(digits.length).to.be.at.most(11);
  });
});

describe('a regressor answers with', () => {
  const regression: Presentation = { task: 'regression', outputs: ['y'] };
  it('a number for [N] and [N,1]', () => {
    expect(present(regression, { y: floats([2], 1.5, 2.1) }, 2)).to.deep.equal([1.5, 2.1]);
    expect(present(regression, { y: doubles([2, 1], 1.5, 2.1) }, 2)).to.deep.equal([1.5, 2.1]);
  });
  it('a list for [N,k]', () => {
    expect(present(regression, { y: floats([2, 2], 1, 2, 3, 4) }, 2)).to.deep.equal([
      [1, 2],
      [3, 4],
    ]);
  });
  it('nothing for no rows', () => {
    expect(present(regression, { y: floats([0, 1]) }, 0)).to.deep.equal([]);
  });
});

describe('other models answer with', () => {
  const raw = (...names: readonly string[]): Presentation => ({ task: 'raw', outputs: names });

  it('the bare value of a single output, nested as its shape', () => {
    expect(present(raw('y'), { y: floats([1, 2, 2], 1, 2, 3, 4) }, 1)).to.deep.equal([
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(present(raw('y'), { y: texts('naïve', '') }, 2)).to.deep.equal(['naïve', '']);
    expect(present(raw('y'), { y: tensor('BOOL', [2, 1], Uint8Array.of(1, 0)) }, 2)).to.deep.equal([true, false]);
    expect(present(raw('y'), { y: int64s([1, 2], 2n ** 62n, -1n) }, 1)).to.deep.equal([[2n ** 62n, -1]]);
  });

  it('a value by name for several outputs, in the order of the graph', () => {
    const tensors = { 10: floats([2, 1], 1, 2), 9: floats([2, 2], 1, 2, 3, 4) };
    expect(present(raw('10', '9'), tensors, 2)).to.deep.equal([
      [
        ['10', 1],
        ['9', [1, 2]],
      ],
      [
        ['10', 2],
        ['9', [3, 4]],
      ],
    ]);
  });

  it('an output that has no rows, whole', () => {
    const tensors = { y: floats([2], 1, 2), classes: texts('a', 'b', 'c') };
    expect(present(raw('y', 'classes'), tensors, 2)).to.deep.equal([
      [
        ['y', 1],
        ['classes', ['a', 'b', 'c']],
      ],
      [
        ['y', 2],
        ['classes', ['a', 'b', 'c']],
      ],
    ]);
  });

  it('whole outputs for a model without a batch axis', () => {
    expect(makePresenter(raw('y')).presentWhole(outputs({ y: floats([2], 1, 2) }))).to.deep.equal([1, 2]);
    expect(makePresenter(raw('y')).presentWhole(outputs({ y: floats([], 7) }))).to.equal(7);
    expect(makePresenter(raw('y')).presentWhole(outputs({ y: floats([1], 7) }))).to.deep.equal([7]);
  });

  it('InferenceFailed when an output is missing', () => {
    expect(() => makePresenter(raw('y')).present(outputs({}), 1))
      .to.throw(RequestError, 'the model gave no output "y"')
      .with.property('code', 'InferenceFailed');
  });
});
