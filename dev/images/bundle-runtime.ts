/**
 * `npm run bundle`: the runtime as its image starts it, in few files: most of the time of a start went into finding and compiling 700 of them.
 *
 *   node dev/images/bundle-runtime.ts [FOLDER]
 *
 * Packages stay in node_modules: native ones, those that find files by their path, and those that no start waits for are loaded from there.
 */
import { cp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build as bundle, type Plugin } from 'esbuild';

const ROOT = resolve(import.meta.dirname, '..', '..');
const SOURCE = join(ROOT, 'runtime');
const EXTERNAL = ['onnxruntime-node', '@node-rs/crc32', '@grpc/reflection', '@grpc/proto-loader'];

/** Code of CommonJS packages asks for these by their names. */
const REQUIRE = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); const { filename: __filename, dirname: __dirname } = import.meta;`;

/** Importing node:http as a module reads all its properties, one of which loads undici: 20 ms that `require` does not take. */
const builtinsByRequire: Plugin = {
  name: 'builtins-by-require',
  setup(build) {
    build.onResolve({ filter: /^(node:)?https?$/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'builtin' } : { path, external: true },
    );
    build.onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
      loader: 'js',
    }));
  },
};

const folder = resolve(process.argv[2] ?? join(ROOT, 'dist', 'bundle'));
await rm(folder, { recursive: true, force: true });
await bundle({
  entryPoints: [
    join(SOURCE, 'main.ts'),
    join(SOURCE, 'session', 'worker.ts'),
    join(SOURCE, 'session', 'trial-process.ts'),
  ],
  // All of them in one folder: threads and processes are started by the path beside the one that starts them.
  outdir: join(folder, 'runtime'),
  entryNames: '[name]',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: `node${process.versions.node}`,
  external: EXTERNAL,
  plugins: [builtinsByRequire],
  banner: { js: REQUIRE },
  logLevel: 'warning',
});
await cp(join(SOURCE, 'docs', 'page'), join(folder, 'docs', 'page'), { recursive: true });
