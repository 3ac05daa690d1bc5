/**
 * `npm run bundle -- operator|runtime [FOLDER]`: a program as its image starts it, in few files: most of the time of a start went into finding and
 * compiling hundreds of them.
 *
 * Packages stay in node_modules: native ones, those that find files by their path, and those that no start waits for are loaded from there.
 */
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { build as bundle, type Plugin } from 'esbuild';
import { isProgram, type Program } from './image-start.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');

interface Contents {
  /** All of a program's come into one folder: threads and processes are started by the path beside the one that starts them. */
  readonly entryPoints: readonly string[];
  readonly external: readonly string[];
  readonly plugins?: readonly Plugin[];
  /** Copied beside the program's folder: from, to. */
  readonly files?: readonly [string, string];
}

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

/** What operator/lean-imports.ts does for a program that is not bundled. */
const leanImports: Plugin = {
  name: 'lean-imports',
  async setup(build) {
    // Loaded here, because the runtime is bundled where the operator's files are not.
    const { leanModule } = await import('../../operator/cluster/lean-modules.ts');
    build.onResolve({ filter: /./ }, ({ path, importer }) => {
      const lean = leanModule(path, importer);
      return lean === undefined ? undefined : { path: join(ROOT, 'operator', 'cluster', `${lean}.ts`) };
    });
  },
};

const CONTENTS: Readonly<Record<Program, Contents>> = {
  operator: { entryPoints: ['operator/main.ts'], external: ['@node-rs/crc32'], plugins: [leanImports] },
  runtime: {
    entryPoints: ['runtime/main.ts', 'runtime/session/worker.ts', 'runtime/session/trial-process.ts'],
    external: ['onnxruntime-node', '@node-rs/crc32', '@grpc/reflection', '@grpc/proto-loader'],
    files: ['runtime/docs/page', 'docs/page'],
  },
};

const [program = '', to] = process.argv.slice(2);
if (!isProgram(program)) throw new Error(`usage: bundle.ts operator|runtime [FOLDER], not ${program}`);
const folder = resolve(to ?? join(ROOT, 'dist', 'bundle'));
const { entryPoints, external, plugins = [], files } = CONTENTS[program];
await rm(join(folder, program), { recursive: true, force: true });
const { outputFiles } = await bundle({
  entryPoints: entryPoints.map((path) => join(ROOT, path)),
  outdir: join(folder, program),
  entryNames: '[name]',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: `node${process.versions.node}`,
  external: [...external],
  plugins: [builtinsByRequire, ...plugins],
  banner: { js: REQUIRE },
  // The text stays in memory. Names are kept and lines are short, so that stack traces can be read.
  minifyWhitespace: true,
  lineLimit: 160,
  legalComments: 'none',
  logLevel: 'warning',
  write: false,
});
for (const { path, text } of outputFiles) {
  // oxlint-disable-next-line no-control-regex
  const [character] = /[^\0-\xff]/u.exec(text) ?? [];
  if (character) throw new Error(`${path} has ${character}: V8 would keep all of its text with two bytes a letter`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
if (files) await cp(join(ROOT, files[0]), join(folder, files[1]), { recursive: true });
