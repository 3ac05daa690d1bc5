import { AssertionError, expect } from 'chai';
import { eventually } from './eventually.ts';
import { rejectionOf } from './thrown.ts';

describe('eventually', () => {
  it('gives what the first successful call returned', async () => {
    let calls = 0;
    const answer = await eventually(
      () => {
        calls += 1;
        expect(calls).to.be.greaterThan(2);
        return `call ${calls}`;
      },
      { intervalMs: 1 },
    );
    expect(answer).to.equal('call 3');
  });

  it('throws what the last call threw, with its difference and the wait', async () => {
    const failing = eventually(() => expect('a').to.equal('b'), { timeoutMs: 20, intervalMs: 1 });
    const error = await rejectionOf(AssertionError, failing);
    expect(error.message).to.equal("expected 'a' to equal 'b' (still so after 20 ms)");
    expect(error).to.include({ actual: 'a', expected: 'b' });
  });
});
