import { parseCsv } from '../../runtime/protocol/csv/parse-csv.ts';
import { table } from '../layout.ts';

const DECIMALS = 4;
const PROBABILITY = /^(?:probabilities|scores)\./;
/** Shown of many classes, the most probable first. */
const TOP = 3;

/**
 * Predictions for people: a line a row with label and probabilities. Classes that do not fit into the width are left to the
 * three most probable of each row.
 * @param answer CSV, its line of column names first
 */
export function answerTable(answer: string, columns: number): string[] {
  const [names = [], ...lines] = readAnswer(answer);
  const all = [
    ['ROW', ...names.map((name) => name.replace(PROBABILITY, ''))],
    ...lines.map((cells, row) => [String(row), ...cells.map((cell) => shorten(cell))]),
  ];
  const wide = table(all);
  const isTooWide = wide.some((line) => line.length > columns);
  const classes = names.flatMap((name, column) => (PROBABILITY.test(name) ? [column] : []));
  return isTooWide && classes.length > TOP ? table(mostProbable(names, lines, classes)) : wide;
}

/** In a table of one column an empty line is a missing number, not no row. */
function readAnswer(text: string): string[][] {
  const isOneColumn = text.startsWith('prediction\r\n') && !text.includes('"');
  if (isOneColumn)
    return text
      .split('\r\n')
      .slice(0, -1)
      .map((cell) => [cell]);
  return parseCsv(text).map((cells) => cells.map((cell) => cell ?? ''));
}

function mostProbable(
  names: readonly string[],
  lines: readonly (readonly string[])[],
  classes: readonly number[],
): string[][] {
  const others = names.flatMap((_, column) => (classes.includes(column) ? [] : [column]));
  const header = ['ROW', ...others.map((column) => names[column] ?? ''), 'MOST PROBABLE'];
  const body = lines.map((cells, row) => {
    const ranked = classes.toSorted((a, b) => Number(cells[b]) - Number(cells[a])).slice(0, TOP);
    const texts = ranked.map(
      (column) => `${(names[column] ?? '').replace(PROBABILITY, '')} ${shorten(cells[column] ?? '')}`,
    );
    return [String(row), ...others.map((column) => shorten(cells[column] ?? '')), texts.join(', ')];
  });
  return [header, ...body];
}

/** Fractions with as many digits as help; whole numbers, which may be labels, as they are. */
function shorten(cell: string): string {
  return /^-?\d+\.\d+(?:e[+-]?\d+)?$/i.test(cell) || /^-?\d+e[+-]?\d+$/i.test(cell) ? decimal(Number(cell)) : cell;
}

function decimal(number: number): string {
  const isTiny = number !== 0 && Math.abs(number) < 0.5 / 10 ** DECIMALS;
  const isHuge = Math.abs(number) >= 1e9;
  return isTiny || isHuge ? number.toExponential(1) : number.toFixed(DECIMALS);
}
