import { expect } from 'chai';
import { deploy } from '../../../cli/commands/deploy.ts';
import { COMMANDS } from '../../../cli/commands.ts';
import { desiredObject, fromText, sourceAndName } from '../../../cli/deploy/desired-object.ts';
import { CommandError, EXIT } from '../../../cli/exit-codes.ts';
import { parseArguments } from '../../../cli/parse-arguments.ts';
import { rejectionOf, thrownBy } from '../../support/thrown.ts';
import { recordedTerminal } from '../../support/terminal.ts';

const SPEC = COMMANDS.find(({ name }) => name === 'deploy')!;
const want = async (...args: readonly string[]) => {
  const { positionals, flags } = parseArguments(SPEC, args);
  return desiredObject(sourceAndName(positionals, flags.text('name')), flags);
};

describe('what deploy asks for', () => {
  for (const [path, name] of [
    ['gs://models/iris/model.onnx', 'iris'],
    ['gs://models/iris/', 'iris'],
    ['gs://models/Fraud_v2.onnx', 'fraud-v2'],
    ['gs://models/teams/a/churn.onnx', 'churn'],
    ['gs://models/model.onnx', 'model'],
    ['gs://models/2024-churn.onnx', 'churn'],
    [`gs://models/${'x'.repeat(60)}.onnx`, 'x'.repeat(52)],
    ['pvc://claim/dir/model.onnx', 'dir'],
  ] as const) {
    it(`calls ${path.slice(0, 40)} ${name.slice(0, 20)}`, async () => {
      expect((await want(path)).metadata).to.deep.equal({ name });
    });
  }

  for (const [order, args] of [
    ['after the path', ['gs://m-1/a.onnx', 'cats']],
    ['before it', ['cats', 'gs://m-1/a.onnx']],
    ['as a flag', ['gs://m-1/a.onnx', '--name', 'cats']],
  ] as const) {
    it(`takes a name ${order}`, async () => {
      const { metadata, spec } = await want(...args);
      expect([metadata, spec]).to.deep.equal([{ name: 'cats' }, { model: { path: 'gs://m-1/a.onnx' } }]);
    });
  }

  for (const [what, args, message] of [
    ['two names', ['cats', 'gs://m-1/a.onnx', '--name', 'dogs'], '--name dogs: the name is given twice'],
    ['a name for a file', ['iris.yaml', 'cats'], "a name belongs to a model's path; iris.yaml has its own"],
  ] as const) {
    it(`refuses ${what}`, async () => {
      expect((await rejectionOf(CommandError, want(...args))).message).to.equal(message);
    });
  }

  it('has the flags in its spec, and nothing that was not asked for', async () => {
    expect((await want('gs://m-1/a.onnx')).spec).to.deep.equal({ model: { path: 'gs://m-1/a.onnx' } });
    const flags = [
      '--labels',
      'cat, dog',
      '--activation',
      'Softmax',
      '--replicas',
      '2',
      '--memory',
      '2Gi',
      '-n',
      'ml',
      '--service-account',
      'sa',
    ];
    expect(await want('gs://m-1/a.onnx', ...flags)).to.deep.equal({
      apiVersion: 'modeldeployment.dev/v1alpha1',
      kind: 'ModelDeployment',
      metadata: { name: 'a', namespace: 'ml' },
      spec: {
        model: { path: 'gs://m-1/a.onnx', labels: ['cat', 'dog'], activation: 'Softmax' },
        replicas: 2,
        resources: { requests: { cpu: '100m', memory: '2Gi' }, limits: { memory: '2Gi' } },
        serviceAccountName: 'sa',
      },
    });
  });

  it('is printed, and no cluster asked, with --dry-run and -o yaml', async () => {
    for (const flag of [['--dry-run'], ['-o', 'yaml']]) {
      const { terminal, out } = recordedTerminal();
      const rawArguments = ['gs://m-1/a.onnx', '--kubeconfig', '/nowhere', ...flag];
      const { positionals, flags } = parseArguments(SPEC, rawArguments);
      expect(await deploy({ positionals, flags, terminal, program: 'modeldeployment', rawArguments })).to.equal(
        EXIT.ok,
      );
      expect(out()).to.equal(
        'apiVersion: modeldeployment.dev/v1alpha1\nkind: ModelDeployment\nmetadata:\n  name: a\nspec:\n  model:\n    path: gs://m-1/a.onnx\n',
      );
    }
  });

  for (const [name, args, message] of [
    ['a local model', ['./model.onnx'], /is a file of this machine.*gcloud storage cp \.\/model\.onnx/],
    ['a pickle', ['model.pkl'], /is a file of this machine/],
    ['a file that is not there', ['nowhere.yaml'], /nowhere\.yaml cannot be read \(ENOENT\): give a model in a bucket/],
    ['a bucket that cannot be one', ['gs://X/a.onnx'], /not a bucket name/],
    ['a path of which no name can be made', ['gs://m-1/123.onnx'], /give one with --name/],
    ['flags of the spec beside a file', ['package.json', '--replicas', '2'], /--replicas belongs to a model's path/],
    ['too many replicas', ['gs://m-1/a.onnx', '--replicas', '2000'], /from 0 to 1000/],
  ] as const) {
    it(`refuses ${name}`, async () => {
      const error = await rejectionOf(
        CommandError,
        Promise.resolve().then(() => want(...(args as [string]))),
      );
      expect(error.message).to.match(message);
      expect(error.exitCode).to.equal(EXIT.usage);
    });
  }

  const object =
    'apiVersion: modeldeployment.dev/v1alpha1\nkind: ModelDeployment\nmetadata: {name: a}\nspec: {model: {path: gs://m-1/a.onnx}}\n';
  it('reads YAML and JSON', () => {
    expect(fromText(`---\n${object}---\n`, 'f', undefined).metadata.name).to.equal('a');
    expect(fromText(JSON.stringify(fromText(object, 'f', undefined)), 'f', 'ml').metadata.name).to.equal('a');
  });

  for (const [name, text, message] of [
    [
      'several objects',
      `${object}---\n${object}`,
      'f holds 2 objects; deploy takes exactly one (kubectl apply takes any)',
    ],
    ['nothing', '', 'f holds 0 objects; deploy takes exactly one (kubectl apply takes any)'],
    [
      'another kind',
      'apiVersion: v1\nkind: Pod',
      'f is a Pod of v1, not a ModelDeployment of modeldeployment.dev/v1alpha1',
    ],
    ['no name', object.replace('{name: a}', '{}'), 'f: metadata.name is missing'],
    [
      'another namespace',
      object.replace('name: a', 'name: a, namespace: b'),
      'f is for namespace b, and --namespace says ml: remove one',
    ],
  ] as const) {
    it(`refuses a file with ${name}`, () => {
      expect(thrownBy(CommandError, () => fromText(text, 'f', 'ml')).message).to.equal(message);
    });
  }

  it('refuses what is no YAML', () => {
    expect(thrownBy(CommandError, () => fromText('a: [', 'f', undefined)).message).to.match(/^f is no YAML: /);
  });
});
