import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { Checksums } from '../../storage/checksums.ts';
import { OtherBytesError } from '../../storage/download-source.ts';
import { PartedFile, splitIntoParts } from '../../storage/parted-file.ts';
import { rejectionOf } from '../support/thrown.ts';

const MAX_BYTES = 2_500_000;
const STORED = randomBytes(MAX_BYTES);

describe('PartedFile', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parted-file-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('has the same bytes and checksums however it is split, and in whatever order its parts come', async () => {
    const cases = fc.record({
      sizeBytes: fc.integer({ min: 0, max: MAX_BYTES }),
      partBytes: fc.integer({ min: 50_000, max: MAX_BYTES }),
      chunkBytes: fc.integer({ min: 10_000, max: 1_500_000 }),
      // Which of the parts that are under way writes next.
      turns: fc.infiniteStream(fc.nat()),
      atOnce: fc.integer({ min: 1, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ sizeBytes, partBytes, chunkBytes, turns, atOnce }) => {
        const stored = STORED.subarray(0, sizeBytes);
        const path = join(folder, 'file');
        const file = await PartedFile.create(path, splitIntoParts(sizeBytes, partBytes));
        const waiting = [...file.parts];
        const underWay = waiting.splice(0, atOnce);
        while (underWay.length > 0) {
          const index = (turns.next().value as number) % underWay.length;
          const part = underWay[index]!;
          await file.write(part, stored.subarray(part.at, Math.min(part.at + chunkBytes, part.end)));
          if (part.at === part.end) underWay.splice(index, 1, ...waiting.splice(0, 1));
        }
        const sums = await file.checksums();
        expect(file.receivedBytes).to.equal(sizeBytes);
        await file.close();
        const expected = new Checksums();
        expected.update(stored);
        expect(sums.crc32c).to.equal(expected.crc32c);
        expect(sums.sha256()).to.equal(createHash('sha256').update(stored).digest('hex'));
        expect((await readFile(path)).equals(stored)).to.equal(true);
      }),
      { numRuns: 40 },
    );
  });

  it('splits without gaps', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.integer({ min: 1, max: 12_000 }), (sizeBytes, partBytes) => {
        const parts = splitIntoParts(sizeBytes, partBytes);
        expect(parts.map(({ start }) => start)).to.deep.equal(
          [0, ...parts.map(({ end }) => end)].slice(0, parts.length),
        );
        expect(parts.at(-1)?.end ?? 0).to.equal(sizeBytes);
        expect(parts.every(({ start, end, at }) => at === start && end > start && end - start <= partBytes)).to.equal(
          true,
        );
      }),
    );
  });

  it('does not let a part write into the next one', async () => {
    const file = await PartedFile.create(join(folder, 'file'), splitIntoParts(20, 10));
    const [first, second] = file.parts as [(typeof file.parts)[number], (typeof file.parts)[number]];
    await file.write(second, Buffer.from('second one'));
    await rejectionOf(OtherBytesError, file.write(first, Buffer.from('eleven here')));
    await file.write(first, Buffer.from('first one.'));
    await file.close();
    expect(await readFile(join(folder, 'file'), 'utf8')).to.equal('first one.second one');
  });
});
