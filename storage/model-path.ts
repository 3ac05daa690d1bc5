/** Where a model lies, parsed. `gcs` without `object` is a prefix ("folder"), `prefix` ending in `/` or empty for the whole bucket. */
export type ModelPath =
  | { readonly kind: 'gcs'; readonly bucket: string; readonly object: string }
  | { readonly kind: 'gcs-prefix'; readonly bucket: string; readonly prefix: string }
  | { readonly kind: 'pvc'; readonly claim: string; readonly path: string }
  | { readonly kind: 'file'; readonly path: string };

export type GcsPath = Extract<ModelPath, { kind: 'gcs' | 'gcs-prefix' }>;

/** A path that names no place a model can lie in. `message` says what is wrong and how a right one looks. */
export class InvalidModelPathError extends Error {
  override readonly name = 'InvalidModelPathError';
}

/** Bucket names: https://cloud.google.com/storage/docs/buckets#naming */
const BUCKET = /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/;
/** Names of PersistentVolumeClaims are DNS subdomains (RFC 1123). */
const CLAIM = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
/** Bytes of an object name: https://cloud.google.com/storage/docs/objects#naming */
const MAX_OBJECT_NAME_BYTES = 1024;

/**
 * Parses `gs://bucket/object`, `gs://bucket/prefix/`, `pvc://claim/path`, `file:///path` or a plain path.
 * @throws InvalidModelPathError
 */
export function parseModelPath(text: string): ModelPath {
  if (text.startsWith('gs://')) return parseGcs(text);
  if (text.startsWith('pvc://')) return parsePvc(text);
  if (text.startsWith('file://')) return { kind: 'file', path: decodeURIComponent(new URL(text).pathname) };
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
  if (scheme) {
    throw new InvalidModelPathError(`"${text}": ${scheme}:// is not supported; use gs://bucket/path/model.onnx`);
  }
  if (text === '') throw new InvalidModelPathError('the model path is empty; use gs://bucket/path/model.onnx');
  return { kind: 'file', path: text };
}

function parseGcs(text: string): ModelPath {
  const [, bucket = '', name = ''] = /^gs:\/\/([^/]*)\/?(.*)$/s.exec(text) ?? [];
  if (!BUCKET.test(bucket)) {
    throw new InvalidModelPathError(`"${text}": "${bucket}" is not a bucket name; use gs://bucket/path/model.onnx`);
  }
  if (Buffer.byteLength(name) > MAX_OBJECT_NAME_BYTES || /[\r\n]/.test(name)) {
    throw new InvalidModelPathError(`"${text}": an object name has at most 1024 bytes and no line breaks`);
  }
  return name === '' || name.endsWith('/')
    ? { kind: 'gcs-prefix', bucket, prefix: name }
    : { kind: 'gcs', bucket, object: name };
}

function parsePvc(text: string): ModelPath {
  const [, claim = '', path = ''] = /^pvc:\/\/([^/]*)\/?(.*)$/s.exec(text) ?? [];
  if (!CLAIM.test(claim)) {
    throw new InvalidModelPathError(`"${text}": "${claim}" is not a claim name; use pvc://claim/path/model.onnx`);
  }
  if (path.split('/').includes('..')) throw new InvalidModelPathError(`"${text}": a path must not contain ".."`);
  return { kind: 'pvc', claim, path };
}
