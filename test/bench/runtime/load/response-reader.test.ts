import { expect } from 'chai';
import { array, assert, constantFrom, nat, property } from 'fast-check';
import { ResponseReader } from '../../../../bench/runtime/load/response-reader.ts';

const WITH_LENGTH = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello';
const LOWER_CASE = 'HTTP/1.1 429 Too Many Requests\r\nserver: uvicorn\r\ncontent-length: 2\r\n\r\n{}';
const EMPTY = 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n';
const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n';
const NO_CHUNKS = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n';

/** Statuses of answers that come one after the other, in pieces that end at these places. */
function read(answers: readonly string[], cuts: readonly number[] = []): number[] {
  const statuses: number[] = [];
  const reader = new ResponseReader((status) => statuses.push(status));
  for (const answer of answers) {
    const ends = [...cuts.map((cut) => cut % answer.length).sort((a, b) => a - b), answer.length];
    let start = 0;
    for (const end of ends) {
      if (end > start) reader.feed(Buffer.from(answer.slice(start, end)));
      start = Math.max(start, end);
    }
  }
  return statuses;
}

describe('the reader of answers in the load generator', () => {
  const cases: readonly (readonly [name: string, answer: string, status: number])[] = [
    ['a length', WITH_LENGTH, 200],
    ['header names in lower case', LOWER_CASE, 429],
    ['no body', EMPTY, 204],
    ['chunks', CHUNKED, 200],
    ['no chunks', NO_CHUNKS, 200],
  ];
  for (const [name, answer, status] of cases) {
    it(`finds the end of an answer with ${name}`, () => {
      expect(read([answer])).to.deep.equal([status]);
      expect(read([answer.slice(0, -1)])).to.deep.equal([]);
    });
  }

  it('finds every answer, however the network cuts them', () => {
    const answers = cases.map(([, answer]) => answer);
    assert(
      property(array(constantFrom(...answers)), array(nat(200), { maxLength: 6 }), (chosen, cuts) => {
        const expected = chosen.map((answer) => cases.find(([, known]) => known === answer)![2]);
        expect(read(chosen, cuts)).to.deep.equal(expected);
      }),
    );
  });

  it('refuses an answer without a length', () => {
    expect(() => read(['HTTP/1.1 200 OK\r\nServer: x\r\n\r\nhello'])).to.throw('unknown length');
  });
});
