/** A bar with a text before and behind it. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly text: string;
  /** Drawn in the strong color. */
  readonly isOurs: boolean;
}

const WIDTH = 860;
const LABEL_WIDTH = 330;
const TEXT_WIDTH = 170;
const BAR_HEIGHT = 20;
const GAP = 8;
const TOP = 44;

/**
 * Horizontal bars as SVG. Lengths are logarithms, from a tenth of the smallest value, because the values span orders of magnitude.
 * @throws RangeError without bars, or for a value that is not positive
 */
export function barChart(title: string, bars: readonly Bar[]): string {
  const smallest = Math.min(...bars.map(({ value }) => value));
  const largest = Math.max(...bars.map(({ value }) => value));
  if (!(smallest > 0 && Number.isFinite(largest))) throw new RangeError('bars need positive values');
  const from = Math.log10(smallest / 10);
  const scale = (WIDTH - LABEL_WIDTH - TEXT_WIDTH) / (Math.log10(largest) - from);
  const height = TOP + bars.length * (BAR_HEIGHT + GAP) + GAP;
  const lines = bars.flatMap(({ label, value, text, isOurs }, index) => {
    const y = TOP + index * (BAR_HEIGHT + GAP);
    const length = (Math.log10(value) - from) * scale;
    const middle = y + BAR_HEIGHT - 6;
    return [
      `<text x="${LABEL_WIDTH - 8}" y="${middle}" text-anchor="end">${escapeXml(label)}</text>`,
      `<rect x="${LABEL_WIDTH}" y="${y}" width="${length.toFixed(1)}" height="${BAR_HEIGHT}" fill="${isOurs ? '#0b6e4f' : '#9aa5b1'}"/>`,
      `<text x="${(LABEL_WIDTH + length + 6).toFixed(1)}" y="${middle}">${escapeXml(text)}</text>`,
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="13" fill="#1f2933">`,
    `<title>${escapeXml(title)}</title>`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    `<text x="8" y="24" font-size="15" font-weight="bold">${escapeXml(title)}</text>`,
    ...lines,
    '</svg>',
    '',
  ].join('\n');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
