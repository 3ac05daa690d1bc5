import { expect } from 'chai';
import { RequestError } from '../../../runtime/errors.ts';
import { classifyRunFailure, readable } from '../../../runtime/session/run-failure.ts';

/** Texts as onnxruntime 1.30 writes them; test/integration/runtime/sessions.test.ts gets them from real models. */
describe('classifyRunFailure', () => {
  for (const [name, text, code, message] of [
    [
      'a length',
      'Got invalid dimensions for input: X for the following indices\n index: 1 Got: 5 Expected: 4\n Please fix either the inputs/outputs or the model.',
      'InvalidInput',
      'input "X": dimension 1 has length 5, the model wants 4',
    ],
    [
      'a rank',
      'Invalid rank for input: X Got: 1 Expected: 2 Please fix either the inputs/outputs or the model.',
      'InvalidInput',
      'input "X": has 1 dimensions, the model wants 2',
    ],
    [
      'a value',
      "Non-zero status code returned while running Gather node. Name:'/table/Gather' Status Message: indices element out of data bounds, idx=999 must be within the inclusive range [-50,49]",
      'InvalidInput',
      'the model refuses these values (Gather: indices element out of data bounds, idx=999 must be within the inclusive range [-50,49])',
    ],
    [
      'memory',
      "Non-zero status code returned while running Expand node. Name:'e' Status Message: Failed to allocate memory for requested buffer of size 4398046511104",
      'InferenceFailed',
      'the model failed to compute an answer',
    ],
    ['anything else', 'something else', 'InferenceFailed', 'the model failed to compute an answer'],
  ] as const) {
    it(`takes ${name} for ${code}`, () => {
      const cause = new Error(text);
      const error = classifyRunFailure(cause);
      expect(error).to.be.instanceOf(RequestError).and.include({ code, message, cause });
    });
  }

  it('keeps what is classified already', () => {
    const error = new RequestError('Overloaded', 'later');
    expect(classifyRunFailure(error)).to.equal(error);
  });
});

describe('readable', () => {
  it('leaves out where in the library it happened', () => {
    const text =
      '/onnxruntime_src/onnxruntime/core/providers/cpu/ml/tree_ensemble_common.h:624 void onnxruntime::ml::ComputeAgg(onnxruntime::Tensor*, const AGG&) const [with AGG = onnxruntime::Sum<float>; InputType = float] One path in the graph requests feature 7 but input tensor has 4 features.\n';
    expect(readable(text)).to.equal('One path in the graph requests feature 7 but input tensor has 4 features.');
  });

  it('bounds what it keeps', () => {
    expect(readable('word '.repeat(1000))).to.have.lengthOf(300);
  });
});
