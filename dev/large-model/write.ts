import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { bytesField, bytesFieldHeader, concatBytes, varintField } from '../../runtime/onnx/wire-encode.ts';
import {
  FLOAT,
  INT64,
  attribute,
  mapType,
  node,
  sequenceType,
  tensorType,
  valueInfo,
} from '../../test/runtime/onnx/build-model.ts';

const WIDTH = 4096;
const PIECE_BYTES = 4 * 1024 * 1024;

/** Bytes of the weights of one layer: 4096 * 4096 float32 = 64 MiB. */
export const LAYER_BYTES = WIDTH * WIDTH * 4;

/**
 * Writes a classifier of 4096 features and classes, piece by piece: x -> MatMul, once per layer -> Softmax -> ZipMap. It has to be rewritten before
 * onnxruntime loads it. Its weights are zeros, so that every class has the same probability.
 * @param layers 64 MiB each
 */
export async function writeLargeModel(path: string, layers: number): Promise<void> {
  const { head, headers, tail } = graphParts(layers);
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
  const zeros = new Uint8Array(PIECE_BYTES);
  for (const header of headers) {
    await write(header);
    for (let written = 0; written < LAYER_BYTES; written += PIECE_BYTES) await write(zeros);
  }
  await write(tail);
  file.end();
  await finished(file);
}

/** The graph without the bytes of its weights: what comes before them, the start of each, and what comes behind. */
function graphParts(layers: number): { head: Uint8Array; headers: Uint8Array[]; tail: Uint8Array } {
  const names = Array.from({ length: layers }, (_, layer) => `w${layer}`);
  const nodes = names.map((name, layer) =>
    node({ op: 'MatMul', inputs: [`h${layer}`, name], outputs: [`h${layer + 1}`] }),
  );
  const labels = attribute.ints(
    'classlabels_int64s',
    Array.from({ length: WIDTH }, (_, label) => label),
  );
  nodes.push(
    node({ op: 'Softmax', inputs: [`h${layers}`], outputs: ['p'] }),
    node({ op: 'ZipMap', inputs: ['p'], outputs: ['probabilities'], domain: 'ai.onnx.ml', attributes: [labels] }),
  );
  const initializers = names.map((name) =>
    concatBytes([
      varintField(1, WIDTH),
      varintField(1, WIDTH),
      varintField(2, FLOAT),
      bytesField(8, name),
      bytesFieldHeader(9, LAYER_BYTES),
    ]),
  );
  return {
    head: concatBytes(nodes.map((bytes) => bytesField(1, bytes))),
    headers: initializers.map((bytes) => concatBytes([bytesFieldHeader(5, bytes.length + LAYER_BYTES), bytes])),
    tail: concatBytes([
      bytesField(11, valueInfo('h0', tensorType(FLOAT, ['N', WIDTH]))),
      bytesField(12, valueInfo('probabilities', sequenceType(mapType(INT64, tensorType(FLOAT))))),
    ]),
  };
}
