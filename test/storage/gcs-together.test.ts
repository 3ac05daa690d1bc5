import { expect } from 'chai';
import type { GcsLookup } from '../../storage/gcs-client.ts';
import type { GcsObject } from '../../storage/gcs-listing.ts';
import { listTogether } from '../../storage/gcs-together.ts';
import { parseModelPath, type GcsPath } from '../../storage/model-path.ts';
import { StorageError } from '../../storage/model-store.ts';

const object = (name: string): GcsObject => ({
  bucket: 'models',
  name,
  generation: '7',
  sizeBytes: 1,
  crc32c: undefined,
  gzip: false,
  createdAtMs: 0,
  deletedAtMs: undefined,
});
const paths = (...texts: string[]): GcsPath[] => texts.map((text) => parseModelPath(`gs://${text}`) as GcsPath);
const objects = (count: number, folder = 'team'): GcsPath[] =>
  paths(...Array.from({ length: count }, (_, index) => `models/${folder}/${index}.onnx`));

/** A bucket, and the listings it was asked for. */
function bucketOf(answer: readonly GcsObject[] | Error | undefined) {
  const listings: { prefix: string; maxObjects: number | undefined }[] = [];
  const client: GcsLookup = {
    getObject: async () => {
      throw new Error('nobody asks for one');
    },
    listObjects: async ({ prefix, maxObjects }) => {
      listings.push({ prefix, maxObjects });
      if (answer instanceof Error) throw answer;
      return answer && [...answer];
    },
  };
  return { client, listings };
}

describe('listTogether', () => {
  it('asks for no more of each object than it tells', async () => {
    const asked: unknown[] = [];
    const { client } = bucketOf([]);
    const listObjects: GcsLookup['listObjects'] = async ({ isBrief }) => {
      asked.push(isBrief);
      return [];
    };
    await listTogether({ ...client, listObjects }, objects(13), undefined);
    expect(asked).to.deep.equal([true]);
  });

  interface Row {
    readonly name: string;
    readonly paths: readonly GcsPath[];
    /** undefined: nobody asks. */
    readonly listing: { readonly prefix: string; readonly maxObjects: number } | undefined;
  }
  const ROWS: readonly Row[] = [
    { name: 'twelve objects: a page costs more than twelve requests', paths: objects(12), listing: undefined },
    { name: 'thirteen objects', paths: objects(13), listing: { prefix: 'models/team/'.slice(7), maxObjects: 1_000 } },
    {
      name: 'a hundred objects, even on seven pages',
      paths: objects(100),
      listing: { prefix: 'team/', maxObjects: 7_000 },
    },
    {
      name: 'a thousand objects, on twenty pages at most',
      paths: objects(1_000),
      listing: { prefix: 'team/', maxObjects: 20_000 },
    },
    { name: 'one folder: it is a listing already', paths: paths('models/a/'), listing: undefined },
    { name: 'two folders', paths: paths('models/x/a/', 'models/x/b/'), listing: { prefix: 'x/', maxObjects: 1_000 } },
    {
      name: 'objects of several folders, by what their names have in common',
      paths: [...objects(10, 'team-a'), ...objects(10, 'team-b')],
      listing: { prefix: 'team-', maxObjects: 1_000 },
    },
    { name: 'objects of several buckets', paths: [...objects(20), ...paths('others/a.onnx')], listing: undefined },
    { name: 'nothing', paths: [], listing: undefined },
  ];
  for (const { name, paths, listing } of ROWS) {
    it(`${listing ? 'lists' : 'leaves to single questions'} ${name}`, async () => {
      const { client, listings } = bucketOf([]);
      const lookup = await listTogether(client, paths, undefined);
      expect(listings).to.deep.equal(listing ? [listing] : []);
      expect(lookup === undefined).to.equal(listing === undefined);
    });
  }

  it('answers from the listing as the service would', async () => {
    const { client } = bucketOf([object('team/0.onnx'), object('team/1/model.onnx'), object('team/1/data')]);
    const lookup = await listTogether(client, objects(20), undefined);
    const where = { bucket: 'models' };
    expect(await lookup?.getObject({ ...where, name: 'team/0.onnx' })).to.include({ name: 'team/0.onnx' });
    expect(await lookup?.getObject({ ...where, name: 'team/1' })).to.equal(undefined);
    expect(await lookup?.listObjects({ ...where, prefix: 'team/1/' })).to.have.lengthOf(2);
    expect(await lookup?.listObjects({ ...where, prefix: 'team/2/' })).to.deep.equal([]);
  });

  const USELESS: readonly (readonly [name: string, answer: Parameters<typeof bucketOf>[0]])[] = [
    ['holds more than it is worth to read', Array.from({ length: 1_001 }, (_, index) => object(`team/${index}`))],
    ['may not be listed', new StorageError('ModelAccessDenied', 'no right to list')],
    ['does not answer', new StorageError('StorageUnavailable', '503')],
    ['does not exist', undefined],
  ];
  for (const [name, answer] of USELESS) {
    it(`leaves it to single questions when the bucket ${name}`, async () => {
      expect(await listTogether(bucketOf(answer).client, objects(13), undefined)).to.equal(undefined);
    });
  }

  it('does not hide mistakes of the program', async () => {
    const { client } = bucketOf(new TypeError('a mistake'));
    const error = await listTogether(client, objects(13), undefined).catch((error: unknown) => error);
    expect(error).to.be.instanceOf(TypeError);
  });
});
