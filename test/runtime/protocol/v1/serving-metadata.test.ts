import { expect } from 'chai';
import { servingMetadata } from '../../../../runtime/protocol/v1/serving-metadata.ts';
import { serveApp } from '../../../support/http-app.ts';
import { signatureOf } from '../../../support/signatures.ts';

const tensor = (name: string, dtype: string, ...sizes: string[]): object => ({
  dtype,
  tensor_shape: { dim: sizes.map((size) => ({ size, name: '' })), unknown_rank: false },
  name,
});

describe("TensorFlow Serving's metadata", () => {
  it('describes inputs and outputs as a signature', () => {
    const signature = signatureOf(
      [
        ['age', 'INT64', [-1, 1]],
        ['any', 'BYTES', undefined],
      ],
      [['y', 'FP16', [-1, 3]]],
    );
    expect(servingMetadata({ name: 'm', version: '7' }, signature)).to.deep.equal({
      model_spec: { name: 'm', signature_name: '', version: '7' },
      metadata: {
        signature_def: {
          signature_def: {
            serving_default: {
              inputs: {
                age: tensor('age', 'DT_INT64', '-1', '1'),
                any: { dtype: 'DT_STRING', tensor_shape: { dim: [], unknown_rank: true }, name: 'any' },
              },
              outputs: { y: tensor('y', 'DT_HALF', '-1', '3') },
              method_name: 'tensorflow/serving/predict',
            },
          },
        },
      },
    });
  });

  it('stands beside our own, with and without a version', async () => {
    await using app = await serveApp();
    for (const path of ['/v1/models/iris/metadata', '/v1/models/iris/versions/1718000000000000/metadata']) {
      const body = (await (await app.fetch(path)).json()) as Record<string, unknown>;
      expect(body).to.deep.include({
        name: 'iris',
        task: 'classification',
        model_spec: { name: 'iris', signature_name: '', version: '1718000000000000' },
      });
      expect(body).to.have.nested.property('metadata.signature_def.signature_def.serving_default.inputs.X');
    }
  });
});
