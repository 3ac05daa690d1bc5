import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse, parseAllDocuments, stringify } from 'yaml';

export interface GoldenCase {
  readonly name: string;
  /** Content of `<name>.in.yaml`. */
  readonly input: unknown;
  /** Compares with the documents of `<name>.out.yaml`; with UPDATE_GOLDEN=1 writes them instead. */
  readonly expectOutput: (documents: readonly unknown[]) => void;
}

/** Every `<name>.in.yaml` of a folder. @throws when there is none */
export function goldenCases(folder: string): GoldenCase[] {
  const names = readdirSync(folder).flatMap((file) => /^(.*)\.in\.yaml$/.exec(file)?.[1] ?? []);
  if (names.length === 0) throw new Error(`${folder} holds no *.in.yaml`);
  return names.map((name) => ({
    name,
    input: parse(readFileSync(join(folder, `${name}.in.yaml`), 'utf8')) as unknown,
    expectOutput: (documents) => compare(join(folder, `${name}.out.yaml`), documents),
  }));
}

function compare(file: string, documents: readonly unknown[]): void {
  if (process.env['UPDATE_GOLDEN'] === '1') {
    const text = documents.map((document) => stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 }));
    writeFileSync(file, text.join('---\n'));
  }
  if (!existsSync(file))
    throw new Error(`${file} is missing: run the test with UPDATE_GOLDEN=1 and read what it wrote`);
  const expected = parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJSON() as unknown);
  expect(JSON.parse(JSON.stringify(documents))).to.deep.equal(expected);
}
