/** A line of points, in falling order of attention. */
export interface Line {
  readonly name: string;
  /** CSS colour. */
  readonly colour: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly lines: readonly Line[];
}

const WIDTH = 640;
const HEIGHT = 360;
const MARGIN = { top: 40, right: 20, bottom: 50, left: 60 };
const TICKS = 5;

/** SVG with both axes linear from zero. */
export function linePlot({ title, xLabel, yLabel, lines }: Plot): string {
  const points = lines.flatMap((line) => line.points);
  const maxX = niceCeiling(Math.max(...points.map(([x]) => x)));
  const maxY = niceCeiling(Math.max(...points.map(([, y]) => y)));
  const toX = (x: number): number => Math.round(MARGIN.left + (x / maxX) * (WIDTH - MARGIN.left - MARGIN.right));
  const toY = (y: number): number =>
    Math.round(HEIGHT - MARGIN.bottom - (y / maxY) * (HEIGHT - MARGIN.top - MARGIN.bottom));
  const ticks = Array.from({ length: TICKS + 1 }, (_, index) => index / TICKS);
  const grid = ticks.flatMap((share) => [
    `<line x1="${toX(0)}" y1="${toY(share * maxY)}" x2="${toX(maxX)}" y2="${toY(share * maxY)}" stroke="#ddd"/>`,
    text(toX(0) - 8, toY(share * maxY) + 4, number(share * maxY), 'end'),
    text(toX(share * maxX), toY(0) + 18, number(share * maxX), 'middle'),
  ]);
  const drawn = lines.flatMap(({ colour, points: own }) => [
    `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${own.map(([x, y]) => `${toX(x)},${toY(y)}`).join(' ')}"/>`,
    ...own.map(([x, y]) => `<circle cx="${toX(x)}" cy="${toY(y)}" r="3.5" fill="${colour}"/>`),
  ]);
  const legend = lines.flatMap(({ name, colour }, index) => [
    `<rect x="${MARGIN.left + 14}" y="${MARGIN.top + 8 + index * 18}" width="12" height="4" fill="${colour}"/>`,
    text(MARGIN.left + 32, MARGIN.top + 14 + index * 18, name, 'start'),
  ]);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    `<text x="${MARGIN.left}" y="24" font-size="15" fill="#222">${escape(title)}</text>`,
    ...grid,
    ...drawn,
    ...legend,
    text((WIDTH + MARGIN.left) / 2, HEIGHT - 10, xLabel, 'middle'),
    `<text transform="translate(16 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle" fill="#444">${escape(yLabel)}</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="#444">${escape(content)}</text>`;
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** 1, 2 or 5 times a power of ten, at least `value`. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10) * power;
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
