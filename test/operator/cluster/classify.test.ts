import type { V1Status } from '@kubernetes/client-node';
import { expect } from 'chai';
import { classifyNoAnswer, classifyRefusal } from '../../../operator/cluster/classify.ts';
import { ConflictError, TerminalError, TransientError } from '../../../operator/errors.ts';

const QUOTA = 'deployments.apps "iris" is forbidden: exceeded quota: q, requested: count/deployments.apps=1';

interface Row {
  readonly name: string;
  readonly statusCode: number;
  readonly status?: V1Status;
  readonly retryAfter?: string;
  readonly error: typeof ConflictError | typeof TerminalError | typeof TransientError;
  readonly fields?: object;
}

/** Bodies as kube-apiserver 1.36 sends them. */
const ROWS: readonly Row[] = [
  { name: 'stale object', statusCode: 409, status: { reason: 'Conflict' }, error: ConflictError },
  { name: 'object is gone', statusCode: 404, status: { reason: 'NotFound' }, error: ConflictError },
  {
    name: 'object was replaced by another of that name',
    statusCode: 422,
    status: { reason: 'Invalid', details: { causes: [{ reason: 'FieldValueInvalid', field: 'metadata.uid' }] } },
    error: ConflictError,
  },
  {
    name: 'namespace is being deleted',
    statusCode: 403,
    status: { reason: 'Forbidden', details: { causes: [{ reason: 'NamespaceTerminating' }] } },
    error: ConflictError,
  },
  {
    name: 'quota',
    statusCode: 403,
    status: { reason: 'Forbidden', message: QUOTA },
    error: TerminalError,
    fields: {
      reason: 'QuotaExceeded',
      message: `The API server refused to apply Deployment a/iris: ${QUOTA}`,
      recheckAfterMs: 60_000,
    },
  },
  {
    name: 'a missing right, also of an API server that has just started',
    statusCode: 403,
    status: { reason: 'Forbidden', message: 'deployments.apps "a" is forbidden: User "x" cannot patch resource "y"' },
    error: TransientError,
  },
  {
    name: 'an admission policy',
    statusCode: 403,
    status: { reason: 'Forbidden', message: 'ValidatingAdmissionPolicy denied the request: no LoadBalancers' },
    error: TerminalError,
    fields: { reason: 'InvalidSpec', recheckAfterMs: 60_000 },
  },
  {
    name: 'a field the API server refuses',
    statusCode: 422,
    status: { reason: 'Invalid', message: 'spec.ports[0].port: Invalid value: 99999' },
    error: TerminalError,
    fields: {
      reason: 'InvalidSpec',
      message: 'The API server refused to apply Deployment a/iris: spec.ports[0].port: Invalid value: 99999',
    },
  },
  { name: 'too large', statusCode: 413, error: TerminalError, fields: { reason: 'InvalidSpec' } },
  {
    name: 'throttled, header',
    statusCode: 429,
    status: { reason: 'TooManyRequests' },
    retryAfter: '2',
    error: TransientError,
    fields: { retryAfterMs: 2_000 },
  },
  {
    name: 'throttled, body',
    statusCode: 429,
    status: { details: { retryAfterSeconds: 7 } },
    error: TransientError,
    fields: { retryAfterMs: 7_000 },
  },
  { name: 'token expired', statusCode: 401, error: TransientError, fields: { retryAfterMs: undefined } },
  { name: 'etcd is slow', statusCode: 504, status: { reason: 'Timeout' }, error: TransientError },
  { name: 'a proxy in between', statusCode: 502, error: TransientError },
  { name: 'a code nobody expects', statusCode: 302, error: TransientError },
];

describe('classify', () => {
  for (const { name, error: expected, fields, ...answer } of ROWS) {
    it(`${name}: ${answer.statusCode} is a ${expected.name}`, () => {
      const error = classifyRefusal({
        action: 'apply Deployment a/iris',
        status: undefined,
        retryAfter: undefined,
        ...answer,
      });
      expect(error).to.be.instanceOf(expected);
      expect(error.cause).to.be.instanceOf(Error);
      expect(error).to.include(fields ?? {});
    });
  }

  it('bounds what it takes over from the server', () => {
    const error = classifyRefusal({
      action: 'apply Deployment a/iris',
      statusCode: 422,
      status: { message: 'x'.repeat(100_000) },
      retryAfter: undefined,
    });
    expect(error.message).to.have.lengthOf(1_000);
  });

  it('no answer at all is nobody to act on', () => {
    const cause = new Error('connect ECONNREFUSED');
    expect(classifyNoAnswer('apply Service a/iris', cause)).to.include({ cause }).and.be.instanceOf(TransientError);
  });
});
