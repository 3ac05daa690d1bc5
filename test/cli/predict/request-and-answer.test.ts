import { expect } from 'chai';
import { CommandError } from '../../../cli/exit-codes.ts';
import { answerTable } from '../../../cli/predict/answer-table.ts';
import { asRequestBody } from '../../../cli/predict/request-body.ts';
import { encodeCsvResponse } from '../../../runtime/protocol/csv/encode-response.ts';
import type { JsonValue } from '../../../runtime/tensor/element.ts';
import { thrownBy } from '../../support/thrown.ts';

describe('the body of a prediction', () => {
  for (const [name, text, body, contentType] of [
    ['rows of JSON', ' [[1, 2]]\n', '{"instances":[[1, 2]]}', 'application/json'],
    ['digits beyond 2^53', '[[9007199254740993]]', '{"instances":[[9007199254740993]]}', 'application/json'],
    ['a whole request', '{"inputs": {"x": [1]}}', '{"inputs": {"x": [1]}}', 'application/json'],
    ['CSV', 'a,b\n1,2\n', 'a,b\n1,2\n', 'text/csv'],
    ['CSV that begins with quotes', '"a",b\n1,2\n', '"a",b\n1,2\n', 'text/csv'],
  ] as const) {
    it(`is ${name}`, () => {
      expect(asRequestBody(text, 'f')).to.deep.equal({ body, contentType });
    });
  }

  it('is refused when there is nothing', () => {
    expect(thrownBy(CommandError, () => asRequestBody(' \n', '-')).message).to.match(/^standard input is empty/);
  });
});

describe('the table of predictions', () => {
  const show = (predictions: readonly JsonValue[], columns = 80) =>
    answerTable(encodeCsvResponse(predictions), columns);
  const classification = (probabilities: Readonly<Record<string, number>>): JsonValue => {
    const [label = ''] = Object.entries(probabilities).sort(([, a], [, b]) => b - a)[0] ?? [];
    return { label, probabilities };
  };

  it('has a column for each class', () => {
    expect(show([classification({ cat: 0.98765, dog: 0.01234 }), classification({ cat: 1e-9, dog: 1 })])).to.deep.equal(
      ['ROW  label  cat     dog', '0    cat    0.9877  0.0123', '1    dog    1.0e-9  1'],
    );
  });

  it('has the three most probable classes of many', () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`class-${index}`, index / 190.5]));
    expect(show([classification(many)])).to.deep.equal([
      'ROW  label     MOST PROBABLE',
      '0    class-19  class-19 0.0997, class-18 0.0945, class-17 0.0892',
    ]);
  });

  it('shows numbers, and a missing one in its own row', () => {
    expect(show([1.23456, Number.NaN, 12])).to.deep.equal(['ROW  prediction', '0    1.2346', '1', '2    12']);
  });

  it('shows lists and texts with commas and quotes', () => {
    expect(show(['a,b', 'say "x"'])).to.deep.equal(['ROW  prediction', '0    a,b', '1    say "x"']);
    expect(show([[1.5, 2]])).to.deep.equal(['ROW  prediction.0  prediction.1', '0    1.5000        2']);
  });
});
