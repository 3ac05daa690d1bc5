import { expect } from 'chai';
import { makePresenter } from '../../../runtime/presentation/presenter.ts';
import { applyModelSettings } from '../../../runtime/presentation/settings.ts';
import { settleScoreKinds } from '../../../runtime/presentation/settle.ts';
import { sampleModels } from '../../support/models.ts';
import type { SampleModel } from '../../support/models.ts';
import { feedsOf, withModel } from '../onnx/run-rows.ts';

const AUTO = { task: 'Auto', labels: undefined, activation: 'None' } as const;

/** A model file, rewritten where needed, run on its sample rows and presented. */
function answersOf({ file, rows, staticBatch }: SampleModel): Promise<unknown[]> {
  return withModel(file, async ({ prepared, session }) => {
    const signature = applyModelSettings(prepared, AUTO);
    const runs = staticBatch ? rows.map((row) => [row]) : [rows];
    const answers: unknown[] = [];
    for (const run of runs) {
      const outputs = await session.run(feedsOf(signature, run), signature.presentation.outputs);
      const presentation = settleScoreKinds(signature.presentation, outputs, run.length);
      answers.push(...makePresenter(presentation).present(outputs, run.length));
    }
    return answers;
  });
}

/** The manifest's form of an answer: probabilities as a list, in the order of its labels. */
function toExpectedForm(answer: unknown): Record<string, unknown> {
  const { label, probabilities, scores } = answer as Record<string, unknown>;
  return {
    label,
    ...(probabilities === undefined ? {} : { probabilities: listed(probabilities) }),
    ...(scores === undefined ? {} : { scores: listed(scores) }),
  };
}

const listed = (numbers: unknown): unknown =>
  Array.isArray(numbers) ? numbers.map(listed) : [...(numbers as ReadonlyMap<string, number>).values()];

function expectClose(actual: unknown, expected: unknown, tolerance: number, path: string): void {
  if (typeof expected === 'number' && typeof actual === 'number' && !Number.isInteger(expected)) {
    expect(Math.abs(actual - expected), `${path}: ${actual} for ${expected}`).to.be.at.most(
      tolerance * Math.max(1, Math.abs(expected)),
    );
  } else if (Array.isArray(expected)) {
    expect(actual, path).to.be.an('array').with.lengthOf(expected.length);
    expected.forEach((value, position) =>
      expectClose((actual as unknown[])[position], value, tolerance, `${path}[${position}]`),
    );
  } else if (typeof expected === 'object' && expected !== null) {
    const entries = actual instanceof Map ? Object.fromEntries(actual) : actual;
    expect(entries, path).to.have.all.keys(Object.keys(expected));
    for (const [key, value] of Object.entries(expected)) {
      expectClose((entries as Record<string, unknown>)[key], value, tolerance, `${path}.${key}`);
    }
  } else if (typeof expected === 'number') {
    expect(Math.abs(Number(actual) - expected), `${path}: ${String(actual)} for ${expected}`).to.be.at.most(
      tolerance * Math.max(1, Math.abs(expected)),
    );
  } else {
    expect(actual, path).to.equal(expected);
  }
}

for (const collection of ['fixtures', 'zoo'] as const) {
  describe(`answers of test/models/${collection}`, () => {
    for (const model of sampleModels(collection)) {
      it(`${model.name} (${model.framework}) answers like its own library`, async () => {
        const answers = await answersOf(model);
        const { label, probabilities, scores, values } = model.expected;
        expect(answers).to.have.lengthOf(model.rows.length);
        if (values) return expectClose(answers, values, model.tolerance, 'predictions');
        const forms = answers.map(toExpectedForm);
        expect(forms.map((form) => form['label'])).to.deep.equal(label);
        const key = probabilities ? 'probabilities' : 'scores';
        expect(Object.keys(forms[0]!)).to.deep.equal(['label', key]);
        return expectClose(
          forms.map((form) => form[key]),
          probabilities ?? scores,
          model.tolerance,
          key,
        );
      });
    }
  });
}
