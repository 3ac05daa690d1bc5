import { stripVTControlCharacters } from 'node:util';

const GAP = '  ';

/** Rows in columns as wide as their widest cell, without trailing spaces. Styled cells count by what is seen of them. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
      .join(GAP)
      .trimEnd(),
  );
}

/** Words of a text in lines of at most `columns`, each indented; a longer word gets a line of its own. */
export function wrap(text: string, columns: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((word) => word !== '')) {
    const longer = line === '' ? indent + word : `${line} ${word}`;
    if (line !== '' && widthOf(longer) > columns) {
      lines.push(line);
      line = indent + word;
    } else line = longer;
  }
  return line === '' ? lines : [...lines, line];
}

/** `wrap` with a bullet or number in front of the first line. */
export function hang(lead: string, text: string, columns: number): string[] {
  const indent = ' '.repeat(widthOf(lead));
  return wrap(text, columns, indent).map((line, index) => (index === 0 ? lead + line.slice(indent.length) : line));
}

/** Time since then as kubectl writes it: 45s, 5m, 3h, 12d. */
export function age(since: string | Date | undefined, now: Date): string {
  if (since === undefined) return '';
  const seconds = Math.max(0, Math.floor((now.getTime() - new Date(since).getTime()) / 1_000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 2 * 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

function widthOf(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length;
}
