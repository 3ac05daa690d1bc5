import type { InvalidObject } from './invalid-object.ts';

const PATH = 'gs://models/iris/model.onnx';
const EXAMPLE = 'for example gs://models/iris/model.onnx';
const BUCKET = 'the bucket name has 3 to 63';
const SEGMENTS = 'must not contain the path segments "." or ".."';
const DOUBLE_SLASH = 'must not contain "//" after the scheme';

function path(name: string, value: unknown, ...says: string[]): InvalidObject {
  return { name: `path ${name}`, spec: { model: { path: value } }, says: ['spec.model.path', ...says] };
}

/** Wrong values of spec.model.path. */
export const PATHS: readonly InvalidObject[] = [
  path('empty', '', 'should be at least 1 chars long'),
  path('not text', 7, 'must be of type string'),
  path('of S3', 's3://models/iris/model.onnx', 'must start with gs://', EXAMPLE),
  path('of the web', 'https://storage.googleapis.com/models/model.onnx', 'must start with gs://', EXAMPLE),
  path('of a disk', '/models/iris/model.onnx', 'must start with gs://', EXAMPLE),
  path('with the scheme in capitals', 'GS://models/model.onnx', 'must start with gs://', EXAMPLE),
  path('with a blank in front', ` ${PATH}`, 'must start with gs://', EXAMPLE),
  path('without a bucket', 'gs://', BUCKET, EXAMPLE),
  path('with an empty bucket', 'gs:///iris/model.onnx', BUCKET, EXAMPLE),
  path('with a bucket in capitals', 'gs://Models/model.onnx', BUCKET, EXAMPLE),
  path('with a bucket of two letters', 'gs://mo/model.onnx', BUCKET, EXAMPLE),
  path('with a bucket of 64 letters', `gs://${'m'.repeat(64)}/model.onnx`, BUCKET, EXAMPLE),
  path('with a bucket that ends in a dash', 'gs://models-/model.onnx', BUCKET, EXAMPLE),
  path('with a bucket of two dots', 'gs://mod..els/model.onnx', BUCKET, EXAMPLE),
  path('with a blank in the bucket', 'gs://my models/model.onnx', BUCKET, EXAMPLE),
  path('with ..', 'gs://models/../model.onnx', SEGMENTS, EXAMPLE),
  path('that ends in ..', 'gs://models/iris/..', SEGMENTS, EXAMPLE),
  path('with .', 'gs://models/./model.onnx', SEGMENTS, EXAMPLE),
  path('of a claim with ..', 'pvc://models/../../etc/passwd', SEGMENTS),
  path('with a double slash', 'gs://models/iris//model.onnx', DOUBLE_SLASH, EXAMPLE),
  path('with a double slash after the bucket', 'gs://models//model.onnx', DOUBLE_SLASH, EXAMPLE),
  path('that ends in a double slash', 'gs://models/iris//', DOUBLE_SLASH, EXAMPLE),
  path(
    'with a generation',
    `${PATH}#1718000000000000`,
    'must not end in #generation',
    'generation: "1718000000000000"',
  ),
  path('with a wildcard', 'gs://models/iris/*.onnx', 'wildcards are not supported', 'gs://models/iris/'),
  path('with a line break', `${PATH}\n`, 'must not contain line breaks', EXAMPLE),
  path('with a blank behind', `${PATH} `, 'spaces at either end', EXAMPLE),
  path('longer than a bucket and an object name', `gs://models/${'a'.repeat(1300)}`, 'may not be more than 1252'),
  path('with an object name of 1025 bytes', `gs://models/${'é'.repeat(512)}x`, 'at most 1024 bytes'),
  path('of a claim in capitals', 'pvc://Models/model.onnx', 'PersistentVolumeClaim', 'pvc://models/iris/model.onnx'),
  path('without a claim', 'pvc:///model.onnx', 'PersistentVolumeClaim', 'pvc://models/iris/model.onnx'),
];
