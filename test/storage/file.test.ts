import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { createFileStore } from '../../storage/file.ts';
import { StorageError } from '../../storage/model-store.ts';
import { rejectionOf } from '../support/thrown.ts';

describe('file store', () => {
  const store = createFileStore();
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'file-store-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function put(name: string, text: string, atSeconds: number): Promise<string> {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    await utimes(path, atSeconds, atSeconds);
    return path;
  }
  const file = (path: string) => ({ kind: 'file', path }) as const;

  it('takes a file where it lies', async () => {
    const path = await put('ü model.onnx', 'abc', 1_700_000_000);
    await put('other.onnx', 'x', 1);
    const model = await store.download(file(path), '/not used');
    expect(model).to.deep.equal({
      generation: '1700000000000000',
      sizeBytes: 3,
      files: [{ name: 'ü model.onnx', generation: '1700000000000000', sizeBytes: 3 }],
      modelFile: path,
      sha256: createHash('sha256').update('abc').digest('hex'),
    });
    expect(await store.stat(file(path))).to.deep.include({ generation: '1700000000000000', sizeBytes: 3 });
  });

  it('takes a folder with one .onnx and its side files, hidden ones left out', async () => {
    const model = await put('onnx/model.onnx', 'abc', 1000);
    await put('onnx/model.onnx.data', 'defg', 3000);
    await put('labels.json', '[]', 2000);
    await put('.cache/old.onnx', 'x', 9000);
    const found = await store.download(file(folder), '/not used');
    expect(found.modelFile).to.equal(model);
    expect(found.generation).to.equal('3000000000');
    expect(found.sizeBytes).to.equal(9);
    expect(found.files.map(({ name }) => name)).to.have.members([
      'labels.json',
      'onnx/model.onnx',
      'onnx/model.onnx.data',
    ]);
  });

  it('follows links to files', async () => {
    const path = await put('.real/model.onnx', 'abc', 1000);
    await symlink(path, join(folder, 'model.onnx'));
    expect((await store.stat(file(folder))).files).to.have.length(1);
  });

  for (const [name, files, path, options, reason] of [
    ['nothing there', [], 'model.onnx', {}, 'ModelNotFound'],
    ['below a file', ['model.onnx'], 'model.onnx/x', {}, 'ModelNotFound'],
    ['an empty folder', [], '', {}, 'ModelInvalid'],
    ['two models', ['a.onnx', 'b.onnx'], '', {}, 'ModelInvalid'],
    ['another generation', ['a.onnx'], 'a.onnx', { generation: '5' }, 'ModelNotFound'],
    ['other bytes', ['a.onnx'], 'a.onnx', { sha256: '0'.repeat(64) }, 'ModelChecksumMismatch'],
  ] as const) {
    it(`refuses ${name}`, async () => {
      for (const file of files) await put(file, 'abc', 1000);
      const error = await rejectionOf(StorageError, store.download(file(join(folder, path)), '/not used', options));
      expect(error.reason).to.equal(reason);
      expect(error.message).to.include(folder);
    });
  }

  it('accepts the right sha256 and generation, in any case', async () => {
    const path = await put('a.onnx', 'abc', 1000);
    const sha256 = createHash('sha256').update('abc').digest('hex').toUpperCase();
    const model = await store.download(file(path), '/not used', { sha256, generation: '1000000000' });
    expect(model.sizeBytes).to.equal(3);
  });

  it('says when a file may not be read', async function () {
    if (process.getuid?.() === 0) this.skip();
    const path = await put('a.onnx', 'abc', 1000);
    await chmod(path, 0);
    const error = await rejectionOf(StorageError, store.download(file(path), '/not used'));
    expect(error.reason).to.equal('ModelAccessDenied');
  });
});
