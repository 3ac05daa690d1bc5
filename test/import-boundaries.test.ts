import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect } from 'chai';

/** The rules of ARCHITECTURE.md, "Who may import whom". The linter has the same rules for the editor; this table is the whole truth. */

const ROOT = resolve(import.meta.dirname, '..');
const SOURCE_FOLDERS = ['operator', 'runtime', 'storage', 'cli'];

interface ImportEdge {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

/** Each outside library, and the only places that may import its values. */
const DOORS: Record<string, readonly string[]> = {
  '@kubernetes/client-node': ['operator/cluster/', 'operator/operator.ts', 'cli/cluster/'],
  '@dot-i/k8s-operator': ['operator/operator.ts'],
  '@google-cloud/storage': ['storage/gcs'],
  'google-auth-library': ['storage/gcs'],
  '@node-rs/crc32': ['storage/checksums.ts'],
  'onnxruntime-node': ['runtime/session/'],
  'onnxruntime-node/dist/binding.js': ['runtime/session/onnxruntime.ts'],
  negotiator: ['runtime/http/compress-responses.ts'],
  koa: ['runtime/app.ts', 'runtime/http/'],
  '@koa/router': ['runtime/app.ts'],
  'prom-client': ['runtime/metrics.ts', 'runtime/tallies.ts', 'operator/metrics.ts'],
  '@grpc/grpc-js': ['runtime/grpc/'],
  '@grpc/proto-loader': ['runtime/grpc/reflection.ts'],
  '@grpc/reflection': ['runtime/grpc/reflection.ts'],
  protobufjs: ['runtime/grpc/reflection.ts'],
  'protobufjs/minimal.js': ['runtime/protocol/v2-grpc/'],
  '@opentelemetry/api': ['runtime/tracing/'],
  '@opentelemetry/core': ['runtime/tracing/'],
  '@opentelemetry/exporter-trace-otlp-proto': ['runtime/tracing/'],
  '@opentelemetry/resources': ['runtime/tracing/'],
  '@opentelemetry/sdk-trace': ['runtime/tracing/'],
  pino: ['runtime/log.ts', 'operator/log.ts'],
  undici: ['operator/cluster/'],
};

/** Folder -> the only folders of ours it may import from (a path prefix each). */
const ALLOWED: readonly (readonly [folder: string, allowed: readonly string[]])[] = [
  ['operator/api/', ['operator/api/']],
  [
    'operator/resources/',
    ['operator/resources/', 'operator/api/', 'operator/config.ts', 'runtime/contract.ts', 'storage/model-path.ts'],
  ],
  [
    'operator/status/',
    [
      'operator/status/',
      'operator/api/',
      'operator/resources/',
      'operator/config.ts',
      'runtime/contract.ts',
      'storage/model-path.ts',
    ],
  ],
  ['operator/work-queue.ts', ['operator/clock.ts']],
  ['operator/', ['operator/', 'storage/', 'runtime/contract.ts']],
  ['runtime/contract.ts', []],
  ['runtime/tensor/', ['runtime/tensor/', 'runtime/errors.ts']],
  ['runtime/onnx/', ['runtime/onnx/', 'runtime/tensor/', 'runtime/errors.ts', 'runtime/contract.ts']],
  ['runtime/presentation/', ['runtime/presentation/', 'runtime/onnx/', 'runtime/tensor/', 'runtime/errors.ts']],
  [
    'runtime/protocol/',
    ['runtime/protocol/', 'runtime/presentation/', 'runtime/onnx/signature.ts', 'runtime/tensor/', 'runtime/errors.ts'],
  ],
  ['runtime/batching/', ['runtime/batching/', 'runtime/tensor/', 'runtime/errors.ts']],
  [
    'runtime/session/',
    ['runtime/session/', 'runtime/onnx/', 'runtime/tensor/', 'runtime/errors.ts', 'runtime/contract.ts'],
  ],
  [
    'runtime/docs/',
    [
      'runtime/docs/',
      'runtime/protocol/',
      'runtime/presentation/',
      'runtime/onnx/signature.ts',
      'runtime/tensor/',
      'runtime/errors.ts',
    ],
  ],
  ['runtime/', ['runtime/', 'storage/']],
  ['storage/model-path.ts', []],
  ['storage/', ['storage/']],
  ['cli/convert/', ['cli/convert/', 'cli/dns-name.ts', 'operator/api/']],
  [
    'cli/',
    [
      'cli/',
      'runtime/',
      'storage/',
      'operator/api/',
      'operator/status/',
      'operator/resources/',
      'operator/cluster/connection.ts',
      'operator/cluster/resources.ts',
      'operator/drift.ts',
      'operator/lean-imports.ts',
      'operator/ownership.ts',
      'operator/packed-template.ts',
      'operator/rollout-memory.ts',
    ],
  ],
];

/** Folders that touch nothing outside: no clock, environment, file, network or logger. */
const PURE = [
  'operator/api/',
  'operator/resources/',
  'operator/status/',
  'runtime/tensor/',
  'runtime/presentation/',
  'runtime/protocol/',
  'runtime/docs/',
];

function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

function importsOf(file: string): ImportEdge[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const statements = text.matchAll(
    /^\s*(?:import|export)\s+(type\s)?[^;'"]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\('([^']+)'\)/gm,
  );
  return [...statements].map(([, type, from, bare, dynamic]) => {
    const specifier = from ?? bare ?? dynamic ?? '';
    const to = specifier.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(file), specifier)) : specifier;
    return { from: file, to, typeOnly: type !== undefined };
  });
}

const isOurs = (edge: ImportEdge): boolean => SOURCE_FOLDERS.some((folder) => edge.to.startsWith(`${folder}/`));
const show = (edge: ImportEdge): string => `${edge.from} imports ${edge.to}`;

describe('import boundaries', () => {
  const edges = SOURCE_FOLDERS.flatMap(sourceFiles).flatMap(importsOf);

  it('reads the imports of every source folder', () => {
    for (const folder of SOURCE_FOLDERS) {
      expect(
        edges.some((edge) => edge.from.startsWith(`${folder}/`)),
        folder,
      ).to.equal(true);
    }
  });

  it('keeps each outside library behind its door', () => {
    const broken = edges.filter((edge) => {
      const doors = DOORS[edge.to];
      return doors && !edge.typeOnly && !doors.some((door) => edge.from.startsWith(door));
    });
    expect(broken.map(show)).to.deep.equal([]);
  });

  it('keeps folders to what they may know', () => {
    const broken = edges.filter((edge) => {
      const rule = ALLOWED.find(([folder]) => edge.from.startsWith(folder));
      return isOurs(edge) && rule && !rule[1].some((prefix) => edge.to.startsWith(prefix));
    });
    expect(broken.map(show)).to.deep.equal([]);
  });

  it('lets nobody import a main.ts, and source never import tests or developer tools', () => {
    const broken = edges.filter((edge) => edge.to.endsWith('/main.ts') || /^(test|dev|bench)\//.test(edge.to));
    expect(broken.map(show)).to.deep.equal([]);
  });

  it('keeps the cluster interface apart from its implementation', () => {
    const broken = edges.filter(
      (edge) =>
        edge.to === 'operator/cluster/kubernetes.ts' && !['operator/main.ts'].includes(edge.from) && !edge.typeOnly,
    );
    expect(broken.map(show)).to.deep.equal([]);
  });

  it('keeps pure folders pure', () => {
    const outside = new Set([
      'node:fs',
      'node:fs/promises',
      'node:net',
      'node:http',
      'node:child_process',
      'node:process',
      'node:os',
      'pino',
    ]);
    const broken = edges.filter((edge) => PURE.some((folder) => edge.from.startsWith(folder)) && outside.has(edge.to));
    expect(broken.map(show)).to.deep.equal([]);
    const impure = SOURCE_FOLDERS.flatMap(sourceFiles)
      .filter((file) => PURE.some((folder) => file.startsWith(folder)))
      .filter((file) =>
        /\bprocess\.env\b|\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(/.test(readFileSync(join(ROOT, file), 'utf8')),
      );
    expect(impure).to.deep.equal([]);
  });
});
