/**
 * What reading and rewriting a large model takes: `node dev/large-model.ts [megabytes] [folder]`, 1024 by default. Writes the model piece by piece (a dense network that ends in a
 * ZipMap, so that it has to be rewritten), reads it by ranged reads, writes the rewritten file beside it, and prints times and peak RSS.
 */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { openModelFile, writeModelFile } from '../runtime/model-file.ts';
import { readModel } from '../runtime/onnx/read-model.ts';
import { bytesField, bytesFieldHeader, concatBytes, varintField } from '../runtime/onnx/wire-encode.ts';
import {
  FLOAT,
  INT64,
  attribute,
  mapType,
  node,
  sequenceType,
  tensorType,
  valueInfo,
} from '../test/runtime/onnx/build-model.ts';

const WIDTH = 4096;
const LAYER_BYTES = WIDTH * WIDTH * 4;
const PIECE_BYTES = 4 * 1024 * 1024;
const MAX_LAYERS = 100;

const { positionals } = parseArgs({ allowPositionals: true });
const layers = Math.min(
  MAX_LAYERS,
  Math.max(1, Math.round((Number(positionals[0] ?? 1024) * 1024 * 1024) / LAYER_BYTES)),
);
const folder = await mkdtemp(join(positionals[1] ?? tmpdir(), 'large-model-'));
try {
  const path = join(folder, 'large.onnx');
  await writeLargeModel(path);
  report('wrote the model');
  const readStartMs = performance.now();
  using source = openModelFile(path);
  const prepared = readModel(source);
  report(`read ${Math.round(source.size / 1024 / 1024)} MB in ${(performance.now() - readStartMs).toFixed(0)} ms`);
  const writeStartMs = performance.now();
  writeModelFile(source, prepared.rewritten ?? [], join(folder, 'rewritten.onnx'));
  report(`wrote the rewritten file in ${((performance.now() - writeStartMs) / 1000).toFixed(1)} s`);
} finally {
  await rm(folder, { recursive: true });
}

function report(what: string): void {
  console.log(`${what}; peak RSS so far ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
}

/** x -> MatMul, once per layer -> Softmax -> ZipMap. */
async function writeLargeModel(path: string): Promise<void> {
  const names = Array.from({ length: layers }, (_, layer) => `w${layer}`);
  const nodes = names.map((name, layer) =>
    node({ op: 'MatMul', inputs: [`h${layer}`, name], outputs: [`h${layer + 1}`] }),
  );
  const last = `h${layers}`;
  const labels = attribute.ints(
    'classlabels_int64s',
    Array.from({ length: WIDTH }, (_, label) => label),
  );
  nodes.push(
    node({ op: 'Softmax', inputs: [last], outputs: ['p'] }),
    node({ op: 'ZipMap', inputs: ['p'], outputs: ['probabilities'], domain: 'ai.onnx.ml', attributes: [labels] }),
  );
  const head = concatBytes(nodes.map((bytes) => bytesField(1, bytes)));
  const initializers = names.map((name) =>
    concatBytes([
      varintField(1, WIDTH),
      varintField(1, WIDTH),
      varintField(2, FLOAT),
      bytesField(8, name),
      bytesFieldHeader(9, LAYER_BYTES),
    ]),
  );
  const headers = initializers.map((bytes) => concatBytes([bytesFieldHeader(5, bytes.length + LAYER_BYTES), bytes]));
  const tail = concatBytes([
    bytesField(11, valueInfo('h0', tensorType(FLOAT, ['N', WIDTH]))),
    bytesField(12, valueInfo('probabilities', sequenceType(mapType(INT64, tensorType(FLOAT))))),
  ]);
  const graphBytes =
    head.length + tail.length + headers.reduce((size, header) => size + header.length + LAYER_BYTES, 0);
  const opsets = [['', 17] as const, ['ai.onnx.ml', 1] as const].map(([domain, version]) =>
    bytesField(8, concatBytes([bytesField(1, domain), varintField(2, version)])),
  );
  const file = createWriteStream(path);
  const write = (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      file.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  await write(concatBytes([varintField(1, 8), ...opsets, bytesFieldHeader(7, graphBytes), head]));
  for (const header of headers) {
    await write(header);
    for (let written = 0; written < LAYER_BYTES; written += PIECE_BYTES) await write(new Uint8Array(PIECE_BYTES));
  }
  await write(tail);
  file.end();
  await finished(file);
}
