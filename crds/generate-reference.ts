/**
 * crds/modeldeployment.yaml -> the tables of docs/reference.md.
 * What stands between `<!-- generated: NAME -->` and `<!-- end -->` is replaced, everything else is written by hand.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { KUBERNETES_TYPES, memberPath, readApi, type Schema } from './schema.ts';

/** Where the tables are committed. */
export const REFERENCE_FILE = new URL('../docs/reference.md', import.meta.url);

/**
 * The page with its tables made anew.
 * @param page the page as it is
 * @throws Error when a block is not known, or one is missing
 */
export async function generateReference(page: string): Promise<string> {
  const { schema } = await readApi();
  const tables: Readonly<Record<string, string>> = { spec: specTable(schema), status: statusTable(schema) };
  const missing = new Set(Object.keys(tables));
  const made = page.replaceAll(/(<!-- generated: (\w+) -->\n).*?(<!-- end -->)/gs, (_, start, name, end) => {
    const content = tables[name];
    if (content === undefined) throw new Error(`docs/reference.md: there is no table "${name}"`);
    missing.delete(name);
    return `${start}\n${content}\n${end}`;
  });
  if (missing.size > 0) throw new Error(`docs/reference.md: <!-- generated: ${[...missing].join(', ')} --> is missing`);
  return made;
}

function specTable({ properties }: Schema): string {
  return table(['Field', 'Type', 'Default', 'Meaning'], rows('', properties?.['spec'] ?? {}, 'spec'));
}

/** Nothing has a default there. */
function statusTable({ properties }: Schema): string {
  const body = rows('', properties?.['status'] ?? {}, 'status');
  return table(
    ['Field', 'Type', 'Meaning'],
    body.map(([field, type, , meaning]) => [field, type, meaning]),
  );
}

type Row = readonly [field: string, type: string, byDefault: string, meaning: string];

/** A row per member, depth first. @param path below `top`, as a user says it */
function rows(path: string, schema: Schema, top: string): Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const field = memberPath(path, name);
    const row: Row = [
      code(field),
      typeText(`${top}.${field}`, member),
      defaultText(schema, name, member),
      meaning(member),
    ];
    if (isKubernetesType(`${top}.${field}`)) return [row];
    return [row, ...rows(field, member, top), ...(member.items ? rows(`${field}[]`, member.items, top) : [])];
  });
}

function isKubernetesType(path: string): boolean {
  return KUBERNETES_TYPES[path] !== undefined || KUBERNETES_TYPES[`${path}[]`] !== undefined;
}

function typeText(path: string, schema: Schema): string {
  const kubernetes = KUBERNETES_TYPES[path];
  if (kubernetes) return kubernetes.replace(/^V1/, 'core/v1 ').replace(/^V2/, 'autoscaling/v2 ');
  if (schema['x-kubernetes-int-or-string']) return 'quantity';
  if (schema.enum) return schema.enum.map(code).join(', ');
  if (schema.items) return `list of ${typeText(`${path}[]`, schema.items)}`;
  if (schema.additionalProperties) return `map of string to ${typeText(`${path}{}`, schema.additionalProperties)}`;
  return schema.format === 'date-time' ? 'time' : (schema.type ?? '');
}

function defaultText({ required = [] }: Schema, name: string, member: Schema): string {
  if (required.includes(name)) return 'required';
  const toldByMembers = Object.values(member.properties ?? {}).some((each) => 'default' in each);
  return member.default === undefined || toldByMembers ? '' : code(flow(member.default));
}

/** As YAML writes it on one line. */
function flow(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return `{${Object.entries(value)
    .map(([key, each]) => `${key}: ${flow(each)}`)
    .join(', ')}}`;
}

function meaning({ description = '', minimum, maximum }: Schema): string {
  if (minimum === undefined) return description;
  return `${description} ${maximum === undefined ? `At least ${minimum}.` : `${minimum} to ${maximum}.`}`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(header: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return line(header) + line(header.map(() => '---')) + body.map(line).join('');
}

if (import.meta.main) await writeFile(REFERENCE_FILE, await generateReference(await readFile(REFERENCE_FILE, 'utf8')));
