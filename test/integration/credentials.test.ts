import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ENV, parseTerminationMessage } from '../../runtime/contract.ts';
import { conditionOf } from '../support/cluster-objects.ts';
import { sampleModel } from '../support/models.ts';
import { soon, startOperatorBed, type OperatorBed } from '../support/operator-bed.ts';
import { RuntimeProcess } from '../support/runtime-process.ts';
import {
  givesToken,
  PLANTED,
  plantedKey,
  StandInGoogle,
  storageError,
  type GoogleAnswer,
} from '../support/stand-in-google.ts';

const ACCOUNT = 'iris@project.iam.gserviceaccount.com';
const DENIED = `${ACCOUNT} does not have storage.objects.get access to the Google Cloud Storage object. Permission 'storage.objects.get' denied on resource (or it may not exist).`;
const SIGNED_URL = `https://storage.googleapis.com/models/signed.onnx?X-Goog-Signature=${PLANTED.signature}`;
const METADATA = { bucket: 'models', name: 'm.onnx', generation: '1', size: '9', timeCreated: '2026-01-01T00:00:00Z' };
const metadataAnswer: GoogleAnswer = { status: 200, body: JSON.stringify(METADATA) };
const redirect: GoogleAnswer = { status: 307, headers: { location: SIGNED_URL }, body: '' };

/** What goes wrong, by the first folder of the model's path. */
const TROUBLE: Readonly<Record<string, (path: string) => GoogleAnswer>> = {
  unauthorized: () => storageError(401, 'Invalid Credentials'),
  denied: () => storageError(403, DENIED),
  missing: () => storageError(404, 'No such object'),
  broken: () => storageError(500, 'Internal error'),
  page: () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' }),
  moved: () => redirect,
  'moved-download': (path) => (path.includes('alt=media') ? redirect : metadataAnswer),
  'denied-download': (path) => (path.includes('alt=media') ? storageError(403, DENIED) : metadataAnswer),
};

describe('credentials', function () {
  this.timeout(240_000);
  const key = plantedKey(ACCOUNT);
  const secrets = [...key.secrets, ...Object.values(PLANTED), 'eyJhbGciOi'];
  let google: StandInGoogle;
  let folder: string;

  before(async () => {
    google = await StandInGoogle.start();
    folder = await mkdtemp(join(tmpdir(), 'credentials-'));
  });
  beforeEach(() => google.requests.splice(0));
  after(async () => {
    await google.stop();
    await rm(folder, { recursive: true });
  });

  const withKey = () => ({ ...google.env, [ENV.googleCredentialsJson]: key.json });
  const start = (object: string, env: Readonly<Record<string, string>>) =>
    new RuntimeProcess({
      [ENV.modelPath]: `gs://models/${object}`,
      [ENV.modelDir]: join(folder, 'models'),
      [ENV.terminationLog]: join(folder, 'termination-log'),
      [ENV.logLevel]: 'debug',
      ...env,
    });

  describe('of a pod', () => {
    for (const [name, env] of [
      ['a key in the environment', withKey],
      ['the metadata server, as with Workload Identity', () => google.metadataServerEnv],
    ] as const) {
      it(`from ${name} read a model, with a token that may do nothing but read`, async () => {
        const bytes = await readFile(sampleModel('iris-lr-strings').file);
        const metadata = { ...METADATA, size: String(bytes.byteLength) };
        google.storage = ({ path }) =>
          path.includes('alt=media') ? { status: 200, body: bytes } : { status: 200, body: JSON.stringify(metadata) };
        await using runtime = start('m.onnx', env());
        await runtime.logged('ready');
        const used = google.requests.filter(({ host }) => host === 'storage.googleapis.com');
        expect(new Set(used.map(({ authorization }) => authorization))).to.deep.equal(
          new Set([`Bearer ${PLANTED.token}`]),
        );
        for (const { path } of google.requests.filter(({ path }) => path.includes('scopes='))) {
          expect(decodeURIComponent(path)).to.match(
            /scopes=https:\/\/www\.googleapis\.com\/auth\/devstorage\.read_only$/,
          );
        }
        expectNoSecret(runtime.stdout, runtime.stderr);
      });

      it(`from ${name} that lack a right are named with the right`, async () => {
        google.storage = () => storageError(403, DENIED);
        await using runtime = start('m.onnx', env());
        await runtime.exit();
        expect(parseTerminationMessage(await readFile(join(folder, 'termination-log'), 'utf8'))).to.deep.equal({
          reason: 'ModelAccessDenied',
          message: `${ACCOUNT} may not read gs://models/m.onnx: grant it storage.objects.get (role Storage Object Viewer), or correct the path`,
        });
      });
    }

    for (const name of Object.keys(TROUBLE)) {
      it(`are in nothing that it writes when storage is ${name}`, async () => {
        google.storage = ({ path }) => TROUBLE[name]!(path);
        await using runtime = start(`${name}/m.onnx`, withKey());
        expectNoSecret(await failed(runtime));
      });
    }

    it('are in nothing that it writes when Google refuses them', async () => {
      google.token = () => ({
        status: 400,
        body: '{"error": "invalid_grant", "error_description": "Invalid JWT Signature."}',
      });
      await using runtime = start('refused/m.onnx', withKey());
      const said = await failed(runtime);
      google.token = givesToken;
      expect(said).to.include(`Google refused the credentials of ${ACCOUNT}`);
      expectNoSecret(said);
    });

    /** All that it wrote until it gave up, or is about to try again. */
    async function failed(runtime: RuntimeProcess): Promise<string> {
      await runtime.printed(/"err":/);
      expect(google.requests).to.not.deep.equal([]);
      return [runtime.stdout, runtime.stderr].join('\n');
    }
  });

  describe('of the operator', () => {
    let bed: OperatorBed;
    before(async () => {
      bed = await startOperatorBed(withKey());
    });
    after(() => bed.stop());

    it('are in no log, status, event or child, whatever storage answers', async () => {
      google.storage = ({ path }) =>
        TROUBLE[/[/=](?:o\/)?([a-z-]+)(?:%2F|\/)m\.onnx/i.exec(path)?.[1] ?? 'missing']!(path);
      for (const name of Object.keys(TROUBLE)) {
        await bed.objects.createModelDeployment(name, { model: { path: `gs://models/${name}/m.onnx` } });
      }
      for (const name of Object.keys(TROUBLE)) {
        await soon(async () => {
          const object = await bed.objects.get('modelDeployment', name);
          expect(conditionOf(object, 'ModelResolved')).to.match(/^(True|False|Unknown) (?!RolloutInProgress)/);
        });
      }
      expect(conditionOf(await bed.objects.get('modelDeployment', 'denied'), 'ModelResolved')).to.include(ACCOUNT);
      await bed.operator.untilQuiet();
      expect(google.requests.map(({ authorization }) => authorization)).to.include(`Bearer ${PLANTED.token}`);
      const kinds = 'modeldeployments,deployments,replicasets,pods,services,events';
      const objects = await bed.controlPlane.kubectl(['get', kinds, '-n', bed.namespace, '-o', 'yaml']);
      for (const name of Object.keys(TROUBLE)) expect(objects).to.include(`gs://models/${name}/m.onnx`);
      expectNoSecret(objects, JSON.stringify(bed.operator.log()), await bed.operator.metrics());
    });
  });

  function expectNoSecret(...texts: readonly string[]): void {
    for (const text of texts) {
      for (const secret of secrets) expect(text).to.not.include(secret);
    }
  }
});
