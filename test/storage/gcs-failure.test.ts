import { expect } from 'chai';
import { classifyAuthError, classifyGcsError, type FailedCall } from '../../storage/gcs-failure.ts';
import { thrownBy } from '../support/thrown.ts';

const call: FailedCall = {
  location: 'gs://b/m.onnx',
  permission: 'storage.objects.get',
  principal: undefined,
  anonymous: false,
};
const status = (code: unknown, message?: string): Error =>
  Object.assign(new Error('secret-token'), { code, errors: message ? [{ message }] : [] });

describe('classifyGcsError', () => {
  for (const [code, reason, retryable] of [
    [400, 'ModelNotFound', false],
    [401, 'ModelAccessDenied', false],
    [403, 'ModelAccessDenied', false],
    [404, 'ModelNotFound', false],
    [408, 'StorageUnavailable', true],
    [429, 'StorageUnavailable', true],
    [500, 'StorageUnavailable', true],
    [503, 'StorageUnavailable', true],
    ['ECONNRESET', 'StorageUnavailable', true],
    ['ENOTFOUND', 'StorageUnavailable', true],
    [undefined, 'StorageUnavailable', true],
  ] as const) {
    it(`makes ${code} ${reason}`, () => {
      const error = classifyGcsError(status(code), call);
      expect([error.reason, error.retryable]).to.deep.equal([reason, retryable]);
      expect(error.message).to.include('gs://b/m.onnx').and.not.include('secret-token');
    });
  }

  for (const [name, error, more, expected] of [
    ['the key', status(403, 'else@x.com does not have'), { principal: 'me@p.iam.gserviceaccount.com' }, 'me@p.iam'],
    [
      'the answer',
      status(403, 'iris@p.iam.gserviceaccount.com does not have'),
      {},
      'iris@p.iam.gserviceaccount.com may',
    ],
    ['nothing', status(403, 'Forbidden'), {}, 'the service account may not read'],
  ] as const) {
    it(`names who was denied, from ${name}`, () => {
      const { message } = classifyGcsError(error, { ...call, ...more });
      expect(message).to.include(expected).and.include('storage.objects.get');
    });
  }

  for (const [name, text, expected] of [
    [
      'an account of Workload Identity Federation',
      'principal://iam.googleapis.com/projects/1/subject/ns/default/sa/models does not have storage.objects.get access to the object.',
      'principal://iam.googleapis.com/projects/1/subject/ns/default/sa/models may not read',
    ],
    [
      'a permission of the service, not of the call',
      'iris@p.iam.gserviceaccount.com does not have serviceusage.services.use access to the Google Cloud project.',
      'grant it serviceusage.services.use, or',
    ],
    [
      'a permission on the objects with the role that has it',
      'iris@p.iam.gserviceaccount.com does not have storage.objects.list access to the Google Cloud Storage bucket.',
      'grant it storage.objects.list (role Storage Object Viewer), or',
    ],
  ] as const) {
    it(`names ${name}`, () => {
      expect(classifyGcsError(status(403, text), call).message).to.include(expected);
    });
  }

  it('says what to set up when there are no credentials', () => {
    const { message } = classifyGcsError(status(401), { ...call, anonymous: true });
    expect(message).to.include('serviceAccountName').and.include('GOOGLE_APPLICATION_CREDENTIALS_JSON');
  });

  it('does not take a mistake in the program for weather', () => {
    expect(thrownBy(TypeError, () => classifyGcsError(new TypeError('x is not a function'), call))).to.be.an('error');
  });
});

describe('classifyAuthError', () => {
  for (const [code, reason] of [
    ['ENOTFOUND', 'StorageUnavailable'],
    ['ECONNREFUSED', 'StorageUnavailable'],
    [503, 'StorageUnavailable'],
    ['429', 'StorageUnavailable'],
    ['400', 'ModelAccessDenied'],
    [403, 'ModelAccessDenied'],
    ['ERR_OSSL_UNSUPPORTED', 'ModelAccessDenied'],
    [undefined, 'ModelAccessDenied'],
  ] as const) {
    it(`makes ${code} ${reason}`, () => {
      const error = classifyAuthError(status(code), 'gs://b/m.onnx', 'me@p.iam.gserviceaccount.com');
      expect(error.reason).to.equal(reason);
      expect(error.message).not.to.include('secret-token');
    });
  }
});
