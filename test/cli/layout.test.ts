import { expect } from 'chai';
import * as fc from 'fast-check';
import { age, hang, table, wrap } from '../../cli/layout.ts';

describe('layout', () => {
  it('makes columns as wide as what is seen of their cells', () => {
    expect(
      table([
        ['A', 'B'],
        ['\u001B[31mlong\u001B[39m', ''],
        ['x', 'ü'],
      ]),
    ).to.deep.equal(['A     B', '\u001B[31mlong\u001B[39m', 'x     ü']);
    expect(table([])).to.deep.equal([]);
  });

  it('wraps at words, with an indent, and hangs behind a lead', () => {
    expect(wrap('one two  three', 8, '  ')).to.deep.equal(['  one', '  two', '  three']);
    expect(wrap('', 8)).to.deep.equal([]);
    expect(hang('- ', 'one two three', 9)).to.deep.equal(['- one two', '  three']);
  });

  it('loses no word and passes no width unless a word is longer', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { maxLength: 30 });
    fc.assert(
      fc.property(words, fc.integer({ min: 12, max: 40 }), (words, columns) => {
        const lines = wrap(words.join(' '), columns);
        expect(lines.join(' ')).to.equal(words.join(' '));
        for (const line of lines) expect(line.length).to.be.at.most(columns);
      }),
    );
  });

  for (const [seconds, text] of [
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [7_199, '119m'],
    [7_200, '2h'],
    [172_799, '47h'],
    [172_800, '2d'],
  ] as const) {
    it(`calls ${seconds} seconds ${text}`, () => {
      const now = new Date('2026-01-10T00:00:00Z');
      expect(age(new Date(now.getTime() - seconds * 1_000), now)).to.equal(text);
    });
  }
});
