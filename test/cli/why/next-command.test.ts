import { expect } from 'chai';
import { nextCommand, quoteWord } from '../../../cli/why/next-command.ts';
import { REASONS } from '../../../operator/api/model-deployment.ts';

const IRIS = { name: 'iris', path: 'gs://models/iris/model.onnx', kubectlFlags: '' };

describe('the next command', () => {
  for (const [name, template, target, command] of [
    ['has the name in it', 'kubectl get modeldeployment NAME', IRIS, 'kubectl get modeldeployment iris'],
    [
      'goes to the namespace and context that were given',
      'kubectl describe modeldeployment NAME',
      { ...IRIS, kubectlFlags: ' -n ml --context prod' },
      'kubectl -n ml --context prod describe modeldeployment iris',
    ],
    [
      'leaves explain, which is about no namespace',
      'kubectl explain x',
      { ...IRIS, kubectlFlags: ' -n ml' },
      'kubectl explain x',
    ],
    [
      'names the bucket',
      'gcloud storage buckets get-iam-policy gs://BUCKET',
      IRIS,
      'gcloud storage buckets get-iam-policy gs://models',
    ],
    ['names the folder', 'gcloud storage ls -l gs://BUCKET/FOLDER/', IRIS, 'gcloud storage ls -l gs://models/iris/'],
    [
      'names the folder of a prefix',
      'gcloud storage ls -l gs://BUCKET/FOLDER/',
      { ...IRIS, path: 'gs://models/a b/' },
      "gcloud storage ls -l 'gs://models/a b/'",
    ],
    [
      'asks no shell for the path',
      REASONS.ModelNotFound.nextCommand,
      { ...IRIS, kubectlFlags: ' -n ml' },
      'gcloud storage ls --all-versions gs://models/iris/model.onnx',
    ],
    [
      'knows no bucket of a volume',
      'gcloud x gs://BUCKET',
      { ...IRIS, path: 'pvc://claim/m.onnx' },
      'gcloud x gs://BUCKET',
    ],
  ] as const) {
    it(name, () => {
      expect(nextCommand(template, target)).to.equal(command);
    });
  }

  it('quotes words for the shell', () => {
    expect([quoteWord('a-b/c.d'), quoteWord(`it's`), quoteWord('')]).to.deep.equal([
      'a-b/c.d',
      String.raw`'it'\''s'`,
      `''`,
    ]);
  });
});
