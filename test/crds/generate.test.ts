import { readFile, stat } from 'node:fs/promises';
import { expect } from 'chai';
import { generateReference, REFERENCE_FILE } from '../../crds/generate-reference.ts';
import { generateTypes, TYPES_FILE } from '../../crds/generate-types.ts';
import { CRD_FILE, readApi } from '../../crds/schema.ts';
import { API_VERSION, CONDITION_TYPES, KIND } from '../../operator/api/model-deployment.ts';
import { durationToMs } from '../../operator/api/duration.ts';
import { quantityToInteger } from '../../operator/api/quantity.ts';
import { DEFAULTS } from '../../runtime/contract.ts';
import { modelDeployment } from '../support/model-deployment.ts';
import { rejectionOf } from '../support/thrown.ts';

const HINT = 'run `npm run generate` and commit what it changes';

describe('crds', () => {
  it('types are those of the CRD', async () => {
    expect(await generateTypes(), HINT).to.equal(await readFile(TYPES_FILE, 'utf8'));
  });

  it('reference tables are those of the CRD', async () => {
    const page = await readFile(REFERENCE_FILE, 'utf8');
    expect(await generateReference(page), HINT).to.equal(page);
  });

  it('reference has every condition', async () => {
    const page = await readFile(REFERENCE_FILE, 'utf8');
    for (const type of Object.values(CONDITION_TYPES)) expect(page).to.contain(`| \`${type}\` |`);
  });

  it('a page without its tables is refused', async () => {
    const error = await rejectionOf(Error, generateReference('# empty'));
    expect(error.message).to.contain('<!-- generated: spec, status --> is missing');
  });

  it('a table nobody knows is refused', async () => {
    const error = await rejectionOf(Error, generateReference('<!-- generated: route -->\n<!-- end -->'));
    expect(error.message).to.contain('there is no table "route"');
  });

  it('API version and kind are those of the operator', async () => {
    expect(await readApi()).to.include({ apiVersion: API_VERSION, kind: KIND });
  });

  it('defaults are those of the runtime', () => {
    const { spec } = modelDeployment();
    const { drainTimeoutMs: _drain, maxMessageBytes: _grpc, batchingMaxRows: _rows, ...fromSpec } = DEFAULTS;
    expect({
      modelTask: spec.model.task,
      modelActivation: spec.model.activation,
      batchingMaxQueuedRows: spec.batching.maxQueuedRows,
      maxRequestBytes: quantityToInteger(spec.maxRequestBytes),
      requestTimeoutMs: durationToMs(spec.requestTimeout),
      logLevel: spec.logLevel,
    }).to.deep.equal(fromSpec);
  });

  it('is small enough for plain kubectl apply, which keeps a copy in an annotation', async () => {
    expect((await stat(CRD_FILE)).size).to.be.below(50_000);
  });
});
