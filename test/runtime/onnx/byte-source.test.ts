import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openModelFile, writeModelFile } from '../../../runtime/model-file.ts';
import { assemble, bytesSource, segmentChunks, segmentsSize } from '../../../runtime/onnx/byte-source.ts';
import type { Segment } from '../../../runtime/onnx/byte-source.ts';

const ORIGINAL = Uint8Array.from({ length: 100 }, (_, index) => index);
const SEGMENTS: readonly Segment[] = [
  { offset: 0, length: 10 },
  { bytes: Uint8Array.of(200, 201) },
  { offset: 90, length: 10 },
];
const REWRITTEN = Uint8Array.of(...ORIGINAL.subarray(0, 10), 200, 201, ...ORIGINAL.subarray(90));

describe('segments', () => {
  it('make the rewritten file', () => {
    expect(segmentsSize(SEGMENTS)).to.equal(22);
    expect(assemble(bytesSource(ORIGINAL), SEGMENTS)).to.deep.equal(REWRITTEN);
  });

  it('are read in chunks of bounded size', () => {
    const chunks = [...segmentChunks(bytesSource(ORIGINAL), SEGMENTS, 4)];
    expect(Math.max(...chunks.map(({ length }) => length))).to.equal(4);
    expect(Uint8Array.from(chunks.flatMap((chunk) => [...chunk]))).to.deep.equal(REWRITTEN);
  });
});

describe('model files', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'model-file-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('are read at any offset, and short only at the end', async () => {
    const path = join(folder, 'original');
    await writeFile(path, ORIGINAL);
    using file = openModelFile(path);
    expect(file.size).to.equal(100);
    expect([...file.read(5, 3)]).to.deep.equal([5, 6, 7]);
    expect([...file.read(98, 10)]).to.deep.equal([98, 99]);
    expect([...file.read(100, 10)]).to.deep.equal([]);
  });

  it('are written from segments', async () => {
    const path = join(folder, 'rewritten');
    writeModelFile(bytesSource(ORIGINAL), SEGMENTS, path);
    expect(Uint8Array.from(await readFile(path))).to.deep.equal(REWRITTEN);
  });
});
