/**
 * Kubernetes quantities (`100m`, `16Mi`, `1.5`, `2e3`), exact: in billionths of a unit, the finest step Kubernetes knows.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */

const NANO = 1_000_000_000n;
/** Decimal suffix -> power of ten. */
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
/** Binary suffix -> power of 1024. */
const BINARY: Readonly<Record<string, number>> = { Ki: 1, Mi: 2, Gi: 3, Ti: 4, Pi: 5, Ei: 6 };
const SYNTAX = /^([+-]?)(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d{1,3})|([KMGTPE]i|[numkMGTPE]))?$/;

type Format = 'binary' | 'decimal' | 'exponent';

interface Quantity {
  readonly nanos: bigint;
  readonly format: Format;
}

/**
 * The one spelling in which the API server stores a quantity: `0.5Gi` -> `512Mi`, `1000m` -> `1`, `0.1` -> `100m`.
 * A desired object that is written so compares equal with the stored one.
 * @throws RangeError when the text is no quantity
 */
export function canonicalQuantity(value: string | number): string {
  const { nanos, format } = parseQuantity(value);
  if (nanos === 0n) return '0';
  const isWhole = nanos % NANO === 0n;
  const magnitude = nanos < 0n ? -nanos : nanos;
  return format === 'binary' && isWhole && magnitude >= 1024n * NANO
    ? writeBinary(nanos / NANO)
    : writeDecimal(nanos, format === 'exponent');
}

/**
 * Whole units, rounded up as Kubernetes does: bytes of `16Mi`, cores of `1500m` (2).
 * @throws RangeError when the text is no quantity or the number is too large to be exact
 */
export function quantityToInteger(value: string | number): number {
  const { nanos } = parseQuantity(value);
  const units = Number(divideUp(nanos, NANO));
  if (!Number.isSafeInteger(units)) throw new RangeError(`"${value}" is too large`);
  return units;
}

function parseQuantity(value: string | number): Quantity {
  const [, sign, digits = '', exponent, suffix = ''] = SYNTAX.exec(String(value).trim()) ?? [];
  if (digits === '') throw new RangeError(`"${value}" is not a quantity; write it like 500m, 2, 512Mi or 1G`);
  const [whole = '', fraction = ''] = digits.split('.');
  const mantissa = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
  const binaryPower = BINARY[suffix];
  if (binaryPower !== undefined) {
    return {
      nanos: scale(mantissa * 1024n ** BigInt(binaryPower), 9 - fraction.length),
      format: 'binary',
    };
  }
  const power = exponent === undefined ? (DECIMAL[suffix] ?? 0) : Number(exponent);
  return {
    nanos: scale(mantissa, 9 + power - fraction.length),
    format: exponent === undefined ? 'decimal' : 'exponent',
  };
}

/** mantissa * 10^power, rounded away from zero. */
function scale(mantissa: bigint, power: number): bigint {
  return power >= 0 ? mantissa * 10n ** BigInt(power) : divideUp(mantissa, 10n ** BigInt(-power));
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  if (dividend % divisor === 0n) return quotient;
  return dividend < 0n ? quotient - 1n : quotient + 1n;
}

function writeBinary(units: bigint): string {
  let mantissa = units;
  let power = 0;
  while (power < 6 && mantissa % 1024n === 0n) {
    mantissa /= 1024n;
    power += 1;
  }
  return `${mantissa}${['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'][power]}`;
}

function writeDecimal(nanos: bigint, asExponent: boolean): string {
  let mantissa = nanos;
  let power = -9;
  while (power < 18 && mantissa % 1000n === 0n) {
    mantissa /= 1000n;
    power += 3;
  }
  if (asExponent) return power === 0 ? `${mantissa}` : `${mantissa}e${power}`;
  return `${mantissa}${Object.keys(DECIMAL).find((suffix) => DECIMAL[suffix] === power)}`;
}
