import { expect } from 'chai';
import { filesAtGeneration, newestGeneration, type GcsObject } from '../../storage/gcs-listing.ts';

/** A version made at second `generation`, and replaced or deleted at second `until`. */
function version(name: string, generation: number, until?: number): GcsObject {
  return {
    bucket: 'b',
    name,
    generation: String(generation),
    sizeBytes: 1,
    crc32c: undefined,
    gzip: false,
    createdAtMs: generation * 1000,
    deletedAtMs: until === undefined ? undefined : until * 1000,
  };
}

describe('newestGeneration', () => {
  it('compares by number, not by text', () => {
    expect(newestGeneration([version('a', 9), version('b', 10)])).to.equal('10');
  });

  it('keeps digits beyond 2^53', () => {
    const objects = [9007199254740992n, 9007199254740993n].map((g) => ({ ...version('a', 1), generation: String(g) }));
    expect(newestGeneration(objects)).to.equal('9007199254740993');
  });
});

describe('filesAtGeneration', () => {
  for (const [name, versions, generation, expected] of [
    ['nothing changed since', [version('m.onnx', 1), version('x.data', 2)], 2, ['m.onnx#1', 'x.data#2']],
    ['overwritten in a bucket with versions', [version('m.onnx', 1, 5), version('m.onnx', 5)], 1, ['m.onnx#1']],
    [
      'the side file overwritten, with versions',
      [version('m.onnx', 2), version('x.data', 1, 5), version('x.data', 5)],
      2,
      ['m.onnx#2', 'x.data#1'],
    ],
    [
      'a file deleted after, with versions',
      [version('m.onnx', 2), version('x.data', 1, 5), version('y', 4), version('y', 1, 4)],
      2,
      ['m.onnx#2', 'x.data#1', 'y#1'],
    ],
    ['a file deleted before', [version('m.onnx', 3), version('m.onnx', 4), version('x.data', 1, 2)], 3, ['m.onnx#3']],
    ['overwritten without versions', [version('m.onnx', 5)], 1, undefined],
    ['a side file that may be an overwritten one', [version('m.onnx', 1), version('x.data', 5)], 1, undefined],
    ['never existed', [version('m.onnx', 1)], 7, undefined],
  ] as const) {
    it(`${expected ? 'finds the files' : 'gives up'}: ${name}`, () => {
      const found = filesAtGeneration(versions, String(generation));
      expect(found?.map((object) => `${object.name}#${object.generation}`)).to.deep.equal(expected);
    });
  }
});
