import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readImageStart } from '../../dev/images/image-start.ts';

describe('readImageStart', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'image-start-'));
  });
  afterEach(() => rm(root, { recursive: true }));
  const read = async (text: string) => {
    await writeFile(join(root, 'Dockerfile.runtime'), text);
    return readImageStart(root, 'runtime');
  };

  it('takes the environment and the program of the last stage, with paths of the checkout', async () => {
    const start = await read(
      'FROM a AS b\nENV OTHER=1\nENTRYPOINT ["sh"]\n\nFROM scratch\nENV PATH=/bin A=1 \\\n    B=/app/dist/cache\nENV C=x\nENTRYPOINT ["node", "--flag", "dist/main.js"]\n',
    );
    expect(start).to.deep.equal({
      flags: ['--flag'],
      main: join(root, 'dist/main.js'),
      env: { A: '1', B: join(root, 'dist/cache'), C: 'x' },
    });
  });

  it('refuses what starts another program', async () => {
    let message = '';
    await read('FROM scratch\nENTRYPOINT ["sh", "run.sh"]\n').catch((error: Error) => ({ message } = error));
    expect(message).to.include('no ENTRYPOINT');
  });
});
