import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { crc32c } from '@node-rs/crc32';
import { expect } from 'chai';
import { downloadFile, type DownloadFileOptions } from '../../storage/download-file.ts';
import { OtherBytesError, type DownloadSource } from '../../storage/download-source.ts';
import { StorageError } from '../../storage/model-store.ts';
import { Slots } from '../../storage/slots.ts';
import { rejectionOf } from '../support/thrown.ts';

const BYTES = randomBytes(300_000);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const checksum = (bytes: Uint8Array): string => {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(crc32c(bytes) >>> 0);
  return out.toString('base64');
};

/** How one connection goes: how many bytes arrive, then its end, its error, or silence. */
type Connection = { readonly bytes?: number; readonly end?: Error | 'silence'; readonly flip?: boolean };

/** A source whose connections go as told, the last one for ever; `starts` is where each was asked to begin. */
function scripted(stored: Buffer, connections: readonly Connection[], more: Partial<DownloadSource> = {}) {
  const starts: number[] = [];
  const source: DownloadSource = {
    location: 'gs://b/m.onnx',
    sizeBytes: stored.length,
    crc32c: checksum(stored),
    gzip: false,
    open(start, to) {
      const { bytes = Infinity, end, flip } = connections[Math.min(starts.length, connections.length - 1)]!;
      starts.push(start);
      const sent = Buffer.from(
        stored.subarray(start, Math.min(start + bytes, more.sizeBytes === undefined ? to : Infinity)),
      );
      if (flip) sent[0]! ^= 1;
      let at = 0;
      return new Readable({
        highWaterMark: 0,
        read() {
          if (at < sent.length) this.push(sent.subarray(at, (at += 16_384)));
          else if (end instanceof Error) this.destroy(end);
          else if (end !== 'silence') this.push(null);
        },
      });
    },
    classify: (error) =>
      error instanceof StorageError ? error : new StorageError('StorageUnavailable', 'cut', { cause: error }),
    ...more,
  };
  return { source, starts };
}

describe('downloadFile', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'download-file-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const CUT = new Error('socket hang up');
  for (const [name, connections, starts] of [
    ['in one go', [{}], [0]],
    ['after a cut connection, from where it stopped', [{ bytes: 100_000, end: CUT }, {}], [0, 100_000]],
    ['after an early end', [{ bytes: 100_000 }, {}], [0, 100_000]],
    ['after refused connections', [{ bytes: 0, end: CUT }, { bytes: 0, end: CUT }, {}], [0, 0, 0]],
    ['after silence', [{ bytes: 100_000, end: 'silence' }, {}], [0, 100_000]],
    ['after damage on the way, from the start', [{ flip: true }, {}], [0, 0]],
    [
      'over many cut connections, as long as each brings something',
      [...Array.from({ length: 9 }, () => ({ bytes: 30_000, end: CUT })), {}],
      Array.from({ length: 10 }, (_, i) => i * 30_000),
    ],
  ] as const) {
    it(`gets the file ${name}`, async () => {
      const { source, starts: asked } = scripted(BYTES, connections);
      let doneBytes = 0;
      const target = join(folder, 'ü model.onnx');
      const digest = await downloadFile(source, target, {
        backoffMs: 0,
        stallTimeoutMs: 100,
        onBytes: (bytes) => (doneBytes += bytes),
      });
      expect(asked).to.deep.equal(starts);
      expect(digest).to.equal(sha256(BYTES));
      expect((await readFile(target)).equals(BYTES)).to.equal(true);
      expect(await readdir(folder)).to.deep.equal(['ü model.onnx']);
      expect(doneBytes).to.equal(BYTES.length);
    });
  }

  it('gets an empty file without a connection', async () => {
    const { source, starts } = scripted(Buffer.alloc(0), [{}]);
    expect(await downloadFile(source, join(folder, 'm'))).to.equal(sha256(Buffer.alloc(0)));
    expect(starts).to.deep.equal([]);
  });

  it('decompresses what is stored as gzip, also over a cut connection', async () => {
    const stored = gzipSync(BYTES, { level: 0 });
    const { source } = scripted(stored, [{ bytes: 100_000, end: CUT }, {}], { gzip: true });
    expect(await downloadFile(source, join(folder, 'm'), { backoffMs: 0 })).to.equal(sha256(BYTES));
    expect((await readFile(join(folder, 'm'))).equals(BYTES)).to.equal(true);
    expect(await readdir(folder)).to.deep.equal(['m']);
  });

  for (const [name, connections, more, reason] of [
    ['bytes that stay wrong', [{ flip: true }], {}, 'ModelChecksumMismatch'],
    ['more bytes than stored', [{}], { sizeBytes: 1000 }, 'ModelChecksumMismatch'],
    ['a source that never answers', [{ bytes: 0, end: CUT }], {}, 'StorageUnavailable'],
    ['no permission', [{ bytes: 0, end: new StorageError('ModelAccessDenied', 'no') }], {}, 'ModelAccessDenied'],
    ['gzip that is none', [{}], { gzip: true }, 'ModelInvalid'],
  ] as const) {
    it(`gives up on ${name} and leaves no file under its name`, async () => {
      const { source, starts } = scripted(BYTES, connections, more);
      const target = join(folder, 'm.onnx');
      const error = await rejectionOf(StorageError, downloadFile(source, target, { backoffMs: 0 }));
      expect(error.reason).to.equal(reason);
      expect(starts.length).to.be.within(1, 6);
      expect(await readdir(folder)).not.to.include('m.onnx');
    });
  }

  it('stops when told to', async () => {
    const { source } = scripted(BYTES, [{ bytes: 1000, end: 'silence' }]);
    const stop = new AbortController();
    const reason = new Error('shutting down');
    const download = downloadFile(source, join(folder, 'm'), {
      signal: stop.signal,
      onBytes: () => stop.abort(reason),
    });
    expect(await rejectionOf(Error, download)).to.equal(reason);
  });

  it('keeps a file that is there already, and replaces one with other bytes', async () => {
    const target = join(folder, 'm');
    await writeFile(target, BYTES);
    const intact = scripted(BYTES, [{}]);
    expect(await downloadFile(intact.source, target)).to.equal(sha256(BYTES));
    expect(intact.starts).to.deep.equal([]);

    const other = randomBytes(BYTES.length);
    const changed = scripted(other, [{}]);
    expect(await downloadFile(changed.source, target)).to.equal(sha256(other));
    expect(changed.starts).to.deep.equal([0]);
  });

  describe('in parts', () => {
    const partBytes = 40_000;
    const inParts = (source: DownloadSource, more: DownloadFileOptions = {}) =>
      downloadFile(source, join(folder, 'm'), { partBytes, backoffMs: 0, stallTimeoutMs: 100, ...more });
    // Two for each of four connections, equal.
    const OFFSETS = Array.from({ length: 8 }, (_, index) => index * 37_500);

    for (const [name, connections, starts] of [
      ['each once', [{}], OFFSETS],
      ['the cut one from where it stopped', [{}, { bytes: 16_384, end: CUT }, {}], [...OFFSETS, 37_500 + 16_384]],
      ['the silent one from where it stopped', [{ bytes: 16_384, end: 'silence' }, {}], [...OFFSETS, 16_384]],
      ['the one that ends early', [{}, {}, { bytes: 1, end: CUT }, {}], [...OFFSETS, 75_001]],
      ['all again in one stream, when one is damaged', [{}, { flip: true }, {}], [...OFFSETS, ...OFFSETS]],
      [
        'in one stream, when the server knows no ranges',
        [{ end: new OtherBytesError('all'), bytes: 0 }, {}],
        [...OFFSETS.slice(0, 4), 0],
      ],
    ] as const) {
      it(`gets them: ${name}`, async () => {
        const { source, starts: asked } = scripted(BYTES, connections);
        let doneBytes = 0;
        expect(await inParts(source, { onBytes: (bytes) => (doneBytes += bytes) })).to.equal(sha256(BYTES));
        expect(asked.toSorted((a, b) => a - b)).to.deep.equal(starts.toSorted((a, b) => a - b));
        expect((await readFile(join(folder, 'm'))).equals(BYTES)).to.equal(true);
        expect(await readdir(folder)).to.deep.equal(['m']);
        expect(doneBytes).to.equal(BYTES.length);
      });
    }

    it('has no more connections than it may, whoever else uses them', async () => {
      const connections = new Slots(3);
      let open = 0;
      let most = 0;
      const counted = (stored: Buffer): DownloadSource => {
        const { source } = scripted(stored, [{}]);
        return {
          ...source,
          open: (start, end) => {
            most = Math.max(most, (open += 1));
            return source.open(start, end).once('close', () => (open -= 1));
          },
        };
      };
      await Promise.all(
        ['a', 'b', 'c'].map((name) => downloadFile(counted(BYTES), join(folder, name), { partBytes, connections })),
      );
      expect([most, open]).to.deep.equal([3, 0]);
    });

    for (const [name, connections, more, reason] of [
      ['bytes that stay wrong', [{ flip: true }], {}, 'ModelChecksumMismatch'],
      ['other bytes than asked for, always', [{ end: new OtherBytesError('no') }], {}, 'ModelChecksumMismatch'],
      ['more bytes than stored', [{}], { sizeBytes: 200_000 }, 'ModelChecksumMismatch'],
      ['a part that never comes', [{}, { bytes: 0, end: CUT }], {}, 'StorageUnavailable'],
      ['no permission', [{}, { bytes: 0, end: new StorageError('ModelAccessDenied', 'no') }], {}, 'ModelAccessDenied'],
      ['a full disk', [{}, { end: Object.assign(new Error('full'), { code: 'ENOSPC' }) }], {}, 'ModelTooLarge'],
    ] as const) {
      it(`gives up on ${name} and leaves no file under its name`, async () => {
        const { source } = scripted(BYTES, connections, more);
        expect((await rejectionOf(StorageError, inParts(source))).reason).to.equal(reason);
        expect(await readdir(folder)).not.to.include('m');
      });
    }

    it('stops when told to, all parts', async () => {
      const { source } = scripted(BYTES, [{ bytes: 1000, end: 'silence' }]);
      const opened: Readable[] = [];
      const watched = {
        ...source,
        open: (start: number, end: number) => opened[opened.push(source.open(start, end)) - 1]!,
      };
      const stop = new AbortController();
      const reason = new Error('shutting down');
      const download = inParts(watched, {
        signal: stop.signal,
        stallTimeoutMs: 60_000,
        onBytes: () => stop.abort(reason),
      });
      expect(await rejectionOf(Error, download)).to.equal(reason);
      expect(opened.map(({ destroyed }) => destroyed)).to.deep.equal(opened.map(() => true));
      expect(await readdir(folder)).not.to.include('m');
    });

    it('takes nothing from what an ended process left behind', async () => {
      await writeFile(join(folder, 'm.partial'), randomBytes(BYTES.length * 2));
      expect(await inParts(scripted(BYTES, [{}]).source)).to.equal(sha256(BYTES));
      expect((await readFile(join(folder, 'm'))).equals(BYTES)).to.equal(true);
    });
  });
});
