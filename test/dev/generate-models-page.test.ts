import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { generateModelsPage, MODELS_PAGE } from '../../dev/generate-models-page.ts';
import { sampleModels } from '../support/models.ts';
import { rejectionOf } from '../support/thrown.ts';

describe('docs/models.md', () => {
  let page: string;
  before(async () => {
    page = await readFile(MODELS_PAGE, 'utf8');
  });

  it('has the tables of the manifests (else: npm run generate)', async () => {
    expect(await generateModelsPage(page)).to.equal(page);
  });

  it('names every sample model once', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| ['));
    const names = rows.map((row) => /^\| \[(.*?)\]/.exec(row)![1]);
    const samples = [...sampleModels('fixtures'), ...sampleModels('zoo')].map(({ name }) => name);
    expect(names).to.have.length(samples.length);
    expect(names).to.have.members(samples);
  });

  it('tells what arrives and what is served', () => {
    const row = page.split('\n').find((line) => line.startsWith('| [iris-lr-strings]'));
    expect(row).to.include(
      'skl2onnx 1.20.0 | `X` float [N, 4] | `output_label` string; `output_probability` seq(map(string,float))',
    );
    expect(row).to.include('| label, and probabilities of setosa, versicolor, virginica |');
  });

  it('is not made from a page without the marks', async () => {
    const error = await rejectionOf(Error, generateModelsPage('# Models\n'));
    expect(error.message).to.include('docs/models.md');
  });
});
