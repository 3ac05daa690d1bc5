import { Buffer } from 'node:buffer';
import { brotliCompressSync, gzipSync } from 'node:zlib';

/** A request of the mix, and what a sane server says to it. */
export interface SoakRequest {
  readonly name: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Undefined: the client goes away after so much of the body. */
  readonly status: number | undefined;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const FEATURES = 4;

/**
 * Everything that clients do, right and wrong: rows and tensors in every format, compressed, malformed, broken off.
 * @param model its name in URLs; one input `X` of FP32 `[-1,4]`
 */
export function soakRequests(model: string, random: () => number): readonly SoakRequest[] {
  const rows = (count: number): number[][] =>
    Array.from({ length: count }, () => Array.from({ length: FEATURES }, () => Math.round(random() * 800) / 100));
  const v1 = `/v1/models/${model}:predict`;
  const v2 = `/v2/models/${model}/infer`;
  const instances = (count: number): Buffer => Buffer.from(JSON.stringify({ instances: rows(count) }));
  const tensor = (count: number, data: unknown, parameters = {}): Buffer =>
    Buffer.from(
      JSON.stringify({ inputs: [{ name: 'X', datatype: 'FP32', shape: [count, FEATURES], data, ...parameters }] }),
    );
  const values = Buffer.from(Float32Array.from(rows(8).flat()).buffer);
  const head = tensor(8, undefined, { parameters: { binary_data_size: values.length } });
  const json = (name: string, path: string, body: Buffer | string, status: number): SoakRequest => ({
    name,
    path,
    headers: JSON_TYPE,
    body: Buffer.from(body),
    status,
  });
  const csv = rows(16)
    .map((row) => row.join(','))
    .join('\n');
  return [
    json('a row', v1, instances(1), 200),
    json('32 rows', '/predict', instances(32), 200),
    json('500 rows', v1, instances(500), 200),
    json('a missing value', v1, '{"instances": [[1, 2, null, 4]]}', 200),
    json('a tensor', v2, tensor(8, rows(8).flat()), 200),
    {
      name: 'a tensor in bytes',
      path: v2,
      headers: { 'content-type': 'application/octet-stream', 'inference-header-content-length': String(head.length) },
      body: Buffer.concat([head, values]),
      status: 200,
    },
    {
      name: 'CSV',
      path: v1,
      headers: { 'content-type': 'text/csv', accept: 'text/csv' },
      body: Buffer.from(csv),
      status: 200,
    },
    {
      name: 'gzip both ways',
      path: v1,
      headers: { ...JSON_TYPE, 'content-encoding': 'gzip', 'accept-encoding': 'gzip' },
      body: gzipSync(instances(64)),
      status: 200,
    },
    {
      name: 'brotli both ways',
      path: v1,
      headers: { ...JSON_TYPE, 'content-encoding': 'br', 'accept-encoding': 'br' },
      body: brotliCompressSync(instances(64)),
      status: 200,
    },
    json('no JSON', v1, '{"instances": [[1, 2', 400),
    json('a row too short', v1, '{"instances": [[1]]}', 400),
    json('lists without end', v1, '['.repeat(10_000), 400),
    json('a tensor too short', v2, tensor(8, [1, 2]), 400),
    json('another model', '/v1/models/another:predict', instances(1), 404),
    {
      name: 'damaged gzip',
      path: v1,
      headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
      body: Buffer.from('gzip'),
      status: 400,
    },
    { name: 'an unknown type', path: v1, headers: { 'content-type': 'text/plain' }, body: instances(1), status: 415 },
    { name: 'broken off', path: v1, headers: JSON_TYPE, body: instances(200), status: undefined },
  ];
}
