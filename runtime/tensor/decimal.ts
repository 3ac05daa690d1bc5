/**
 * Shortest decimals of narrow floats. A float32 0.1 is 0.10000000149011612 as a JavaScript number; people and other JSON writers
 * (numpy, orjson, protobuf) show `0.1`, the shortest decimal that reads back as the same float32. Both functions return the double
 * nearest to that decimal, so `JSON.stringify` prints exactly it.
 */

/** Powers of ten that doubles hold exactly. */
const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** Float32 values from here on are normal and keep n / 10^k exact to one rounding (k <= 22). */
const FAST_MIN = 1e-13;
const FAST_MAX = 1e22;

/**
 * One digit more than the shortest for a few powers of two outside [1e-13, 1e22), e.g. 2^87.
 * @param x a float32 value held in a double; NaN, infinities and zeros come back as they are
 */
export function shortestFloat32(x: number): number {
  const magnitude = Math.abs(x);
  if (!(magnitude >= FAST_MIN && magnitude < FAST_MAX)) return shortestByText(x, Math.fround, 9);
  const exponent = Math.floor(Math.log10(magnitude));
  // 6 digits survive every float32 and 9 tell any two apart; fewer than 6 show up as trailing zeros of 6.
  for (let digits = 6; digits < 9; digits += 1) {
    const candidate = roundToDigits(x, digits - 1 - exponent);
    if (Math.fround(candidate) === x) return candidate;
  }
  return roundToDigits(x, 8 - exponent);
}

/** Fixed notation ends where JavaScript's does, below 1e-6. */
const MIN_FRACTION = 1e-6;
const LEADING_ZEROS = Array.from({ length: 16 }, (_, count) => '0'.repeat(count));

/**
 * The JSON text of `shortestFloat32(x)`, `null` where there is none: the same characters, for probabilities made from their digits at once.
 * @param x a float32 value held in a double
 */
export function float32Text(x: number): string {
  if (!(x >= MIN_FRACTION && x < 1)) return Number.isFinite(x) ? `${shortestFloat32(x)}` : 'null';
  const exponent = Math.floor(Math.log10(x));
  let places = 5 - exponent;
  let scale = POWERS_OF_TEN[places] ?? 1;
  let digits = Math.round(x * scale);
  for (let tried = 6; tried < 9 && Math.fround(digits / scale) !== x; tried += 1) {
    places += 1;
    scale = POWERS_OF_TEN[places] ?? 1;
    digits = Math.round(x * scale);
  }
  while (digits % 10 === 0) {
    digits /= 10;
    places -= 1;
  }
  const text = `${digits}`;
  return `0.${LEADING_ZEROS[places - text.length] ?? ''}${text}`;
}

/** @param x a float16 value held in a double */
export function shortestFloat16(x: number): number {
  return shortestByText(x, Math.f16round, 5);
}

/** The double nearest to x rounded to `places` decimal places (negative: powers of ten). One correctly rounded operation on exact operands. */
function roundToDigits(x: number, places: number): number {
  if (places < 0) {
    const unit = POWERS_OF_TEN[-places] ?? 1;
    return Math.round(x / unit) * unit;
  }
  const scale = POWERS_OF_TEN[places] ?? 1;
  return Math.round(x * scale) / scale;
}

function shortestByText(x: number, narrow: (value: number) => number, maxDigits: number): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  for (let digits = 1; digits < maxDigits; digits += 1) {
    const candidate = Number(x.toPrecision(digits));
    if (narrow(candidate) === x) return candidate;
  }
  return Number(x.toPrecision(maxDigits));
}
