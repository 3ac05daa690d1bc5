import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ModelSignature } from '../../../../runtime/onnx/signature.ts';
import { prepareModel } from '../../../../runtime/prepare-model.ts';
import { decodeCsvRequest } from '../../../../runtime/protocol/csv/decode-request.ts';
import { decodeNpyRequest } from '../../../../runtime/protocol/npy/decode-request.ts';
import { decodeV1Request } from '../../../../runtime/protocol/v1/decode-request.ts';
import { type SampleModel, sampleModels } from '../../../support/models.ts';
import { npyOf } from '../../../support/npy.ts';
import { bodyOf } from '../../../support/served-model.ts';

type Scalar = string | number | bigint | boolean | null;

const fieldOf = (value: Scalar): string =>
  typeof value === 'string' ? `"${value.replaceAll('"', '""')}"` : value === null ? '' : String(value);

/** Cells of the rows, with the names of columns where there are any; undefined where rows are no cells. */
function tableOf({ rows }: SampleModel): { names: string[] | undefined; cells: Scalar[][] } | undefined {
  const [first] = rows;
  const isNamed = typeof first === 'object' && first !== null && !Array.isArray(first);
  const cells = rows.map((row) => (isNamed ? Object.values(row as object).flat() : [row].flat()) as Scalar[]);
  if (cells.flat().some((cell) => typeof cell === 'object' && cell !== null)) return undefined;
  const names = isNamed ? Object.keys(first) : undefined;
  return names && cells.some((row) => row.length !== names.length) ? undefined : { names, cells };
}

/** The rows as an array of float64; undefined where they are no plain numbers. */
function npyOfRows({ rows }: SampleModel): Buffer | undefined {
  const shape: number[] = [];
  for (let value: unknown = rows; Array.isArray(value); value = value[0] as unknown) shape.push(value.length);
  const numbers = (rows as unknown[]).flat(Infinity).map((value) => (value === null ? Number.NaN : value));
  if (!numbers.every((value) => typeof value === 'number')) return undefined;
  if (numbers.length !== shape.reduce((product, length) => product * length, 1)) return undefined;
  return npyOf('<f8', shape, new Uint8Array(Float64Array.from(numbers).buffer));
}

async function signatureOfFile(model: SampleModel): Promise<ModelSignature> {
  const directory = await mkdtemp(join(tmpdir(), 'sample-model-'));
  try {
    return (await prepareModel(model.file, directory)).prepared.signature;
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The golden rows of every sample model go to it as the same tensors, whatever form they come in; what follows is the same. */
describe('rows of the sample models as CSV and .npy', () => {
  const seen = { csv: 0, npy: 0 };
  for (const model of [...sampleModels('fixtures'), ...sampleModels('zoo')]) {
    it(model.name, async () => {
      const signature = await signatureOfFile(model);
      const expected = decodeV1Request(bodyOf(model), signature);
      const table = signature.batched ? tableOf(model) : undefined;
      if (table) {
        const lines = table.cells.map((row) => row.map(fieldOf).join(','));
        const header = table.names ? [table.names.map(fieldOf).join(',')] : [];
        const csv = Buffer.from([...header, ...lines].join('\r\n'));
        const how = table.names ? 'present' : 'absent';
        expect(decodeCsvRequest(csv, signature, how), 'csv').to.deep.equal(expected);
        seen.csv += 1;
      }
      const npy = signature.batched && signature.inputs.length === 1 ? npyOfRows(model) : undefined;
      if (npy) {
        expect(decodeNpyRequest(npy, signature), 'npy').to.deep.equal(expected);
        seen.npy += 1;
      }
    });
  }

  it('leave out few', () => {
    expect(seen.csv).to.be.above(20);
    expect(seen.npy).to.be.above(15);
  });
});
