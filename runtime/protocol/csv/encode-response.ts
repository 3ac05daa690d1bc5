import type { JsonScalar, JsonValue } from '../../tensor/element.ts';

type Cell = JsonScalar | null | undefined;

/**
 * Predictions as CSV (RFC 4180, CRLF): a line of column names, then a row a line. What JSON nests is flat, keys and positions joined by dots, as
 * pandas' `json_normalize` does: `label,probabilities.setosa,...`; a number alone is `prediction`, a list `prediction.0,prediction.1`. Rows that
 * have no such value (of other classes with topK) have an empty field there. NaN is an empty field, infinities are `inf` and `-inf`.
 */
export function encodeCsvResponse(predictions: readonly JsonValue[]): string {
  const columns = new Map<string, number>();
  const rows = predictions.map((prediction) => {
    const cells: Cell[] = [];
    flatten(prediction, '', (name, cell) => {
      const known = columns.get(name);
      const column = known ?? columns.size;
      if (known === undefined) columns.set(name, column);
      cells[column] = cell;
    });
    return cells;
  });
  const names = [...columns.keys()];
  const lines = rows.map((cells) => names.map((_, column) => fieldOf(cells[column])).join(','));
  return [names.map(quoted).join(','), ...lines, ''].join('\r\n');
}

function flatten(value: JsonValue, path: string, add: (name: string, cell: Cell) => void): void {
  if (typeof value !== 'object' || value === null) return add(path || 'prediction', value);
  const isList = Array.isArray(value);
  const prefix = path === '' && isList ? 'prediction' : path;
  const members: Iterable<readonly [string | number, JsonValue]> = isList
    ? (value as readonly JsonValue[]).entries()
    : value instanceof Map
      ? (value as ReadonlyMap<string, JsonValue>)
      : Object.entries(value as Readonly<Record<string, JsonValue>>);
  for (const [key, member] of members) flatten(member, prefix === '' ? String(key) : `${prefix}.${key}`, add);
}

function fieldOf(cell: Cell): string {
  if (typeof cell === 'string') return quoted(cell);
  if (cell === undefined || cell === null || Number.isNaN(cell)) return '';
  if (cell === Number.POSITIVE_INFINITY) return 'inf';
  return cell === Number.NEGATIVE_INFINITY ? '-inf' : String(cell);
}

/** An empty text is quoted: bare it would be a missing value. */
function quoted(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
