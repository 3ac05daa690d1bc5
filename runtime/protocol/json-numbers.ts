import { Buffer } from 'node:buffer';

/** Powers of ten that doubles hold exactly. */
const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/** Digits that may be gathered in a double: beyond 2^53 each further one adds an error of at most 2^-53 of the value. */
const MAX_DIGITS = 25;
/** More than ten such errors, the power of ten's and the division's together. */
const GATHERED_ERROR = 2 ** -48;

/** Digits that a 32-bit integer holds; adding one to it takes half as long as to a double. */
const SHORT_DIGITS = 9;

const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const LOWER_E = 0x65;
const CASE_BIT = 0x20;
const SPACE = 0x20;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

/**
 * Reads lists of numbers straight from the bytes of a JSON text, without making JavaScript values of them. It knows only what is plain: whoever
 * is told `false` or NaN reads the whole text in the general way, which also knows what is wrong with it.
 *
 * Numbers are rounded as `JSON.parse` rounds them: at most 15 digits with a power of ten up to 22 by one exact operation (Clinger 1990); what has
 * more digits and goes into float32 by an interval that leaves no doubt of the float32; the rest by JavaScript itself.
 */
export class JsonNumbers {
  readonly #bytes: Uint8Array;
  readonly #isNarrow: boolean;
  #at: number;
  /** What the last digits were gathered to; exact up to 2^53. */
  #gathered = 0;
  /** Whether the last number was short; neighbours mostly are alike. */
  #areShort = true;

  /** @param isNarrow the numbers go into float32: they may come rounded to that already */
  constructor(bytes: Uint8Array, isNarrow: boolean, start = 0) {
    this.#bytes = bytes;
    this.#isNarrow = isNarrow;
    this.#at = start;
  }

  /** Index of the next byte. */
  get position(): number {
    return this.#at;
  }

  /** Whether white space and then these ASCII bytes follow; steps over them. */
  skip(text: string): boolean {
    let at = this.#skipSpace();
    for (let index = 0; index < text.length; index += 1) {
      if (this.#bytes[at] !== text.charCodeAt(index)) return false;
      at += 1;
    }
    this.#at = at;
    return true;
  }

  /** Whether nothing but white space follows. */
  isAtEnd(): boolean {
    return this.#skipSpace() === this.#bytes.length;
  }

  /**
   * A list of numbers nested to `shape`, into `target` from `offset` on.
   * @returns false when anything but such a list follows, or a number does not fit the target's type
   */
  readNested(shape: readonly number[], target: Float32Array | Float64Array, offset: number, axis = 0): boolean {
    const length = shape[axis] ?? 0;
    if (axis + 1 === shape.length) return this.#readList(target, offset, offset + length);
    if (!this.skip('[')) return false;
    let stride = 1;
    for (let inner = axis + 1; inner < shape.length; inner += 1) stride *= shape[inner] ?? 0;
    for (let index = 0; index < length; index += 1) {
      if (index > 0 && !this.skip(',')) return false;
      if (!this.readNested(shape, target, offset + index * stride, axis + 1)) return false;
    }
    return this.skip(']');
  }

  /** A flat list of exactly `end - start` numbers, one or more. */
  #readList(target: Float32Array | Float64Array, start: number, end: number): boolean {
    const bytes = this.#bytes;
    if (bytes[this.#skipSpace()] !== OPEN_LIST) return false;
    for (let index = start; index < end; index += 1) {
      // Over the bracket or the comma.
      this.#at += 1;
      this.#skipSpace();
      target[index] = this.#readNumber();
      // NaN: not plain; infinite: not within the type.
      if (!Number.isFinite(target[index])) return false;
      if (bytes[this.#skipSpace()] !== (index + 1 < end ? COMMA : CLOSE_LIST)) return false;
    }
    this.#at += 1;
    return end > start;
  }

  #skipSpace(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let byte = bytes[at] ?? 0;
    while (byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      at += 1;
      byte = bytes[at] ?? 0;
    }
    this.#at = at;
    return at;
  }

  /** @returns NaN for what is no JSON number */
  #readNumber(): number {
    const start = this.#at;
    const short = this.#areShort ? this.#readShort() : Number.NaN;
    if (!Number.isNaN(short)) return short;
    this.#at = start;
    return this.#readAny();
  }

  /** A number of few digits without exponent. @returns NaN for all others, which are to be read again */
  #readShort(): number {
    const bytes = this.#bytes;
    const isNegative = bytes[this.#at] === MINUS;
    if (isNegative) this.#at += 1;
    const whole = this.#at;
    let gathered = this.#gatherShort(0);
    let digits = this.#at - whole;
    if (digits === 0 || (digits > 1 && bytes[whole] === ZERO)) return Number.NaN;
    let fraction = 0;
    if (bytes[this.#at] === DOT) {
      this.#at += 1;
      gathered = this.#gatherShort(gathered);
      fraction = this.#at - whole - digits - 1;
      if (fraction === 0) return Number.NaN;
      digits += fraction;
    }
    if (digits > SHORT_DIGITS || ((bytes[this.#at] ?? 0) | CASE_BIT) === LOWER_E) return Number.NaN;
    const magnitude = gathered / (POWERS_OF_TEN[fraction] ?? 1);
    return isNegative ? -magnitude : magnitude;
  }

  /** Appends the digits that follow to those of `value`, which means nothing beyond SHORT_DIGITS. */
  #gatherShort(value: number): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let gathered = value;
    let digit = (bytes[at] ?? 0) - ZERO;
    while (digit >= 0 && digit <= 9) {
      gathered = (gathered * 10 + digit) | 0;
      at += 1;
      digit = (bytes[at] ?? 0) - ZERO;
    }
    this.#at = at;
    return gathered;
  }

  #readAny(): number {
    const bytes = this.#bytes;
    const start = this.#at;
    if (bytes[start] === MINUS) this.#at += 1;
    const whole = this.#at;
    let digits = this.#gatherDigits(0);
    // No digit at all, or a zero before others.
    if (digits === 0 || (digits > 1 && bytes[whole] === ZERO)) return Number.NaN;
    let exponent = 0;
    if (bytes[this.#at] === DOT) {
      this.#at += 1;
      const fraction = this.#gatherDigits(this.#gathered);
      if (fraction === 0) return Number.NaN;
      digits += fraction;
      exponent = -fraction;
    }
    const value = this.#gathered;
    this.#areShort = digits <= SHORT_DIGITS;
    if (((bytes[this.#at] ?? 0) | CASE_BIT) === LOWER_E) exponent += this.#readExponent();
    return this.#round(start, value, exponent, digits);
  }

  /** From `e` on. @returns NaN when no digit follows */
  #readExponent(): number {
    this.#at += 1;
    const sign = this.#bytes[this.#at];
    if (sign === MINUS || sign === PLUS) this.#at += 1;
    if (this.#gatherDigits(0) === 0) return Number.NaN;
    return sign === MINUS ? -this.#gathered : this.#gathered;
  }

  /** Appends the digits that follow to those of `value`. @returns how many there were */
  #gatherDigits(value: number): number {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    let gathered = value;
    let digit = (bytes[at] ?? 0) - ZERO;
    while (digit >= 0 && digit <= 9) {
      gathered = gathered * 10 + digit;
      at += 1;
      digit = (bytes[at] ?? 0) - ZERO;
    }
    this.#gathered = gathered;
    this.#at = at;
    return at - start;
  }

  /** value * 10^exponent, where `value` was gathered from so many digits, and the text begins at `start`. */
  #round(start: number, value: number, exponent: number, digits: number): number {
    if (Number.isNaN(exponent)) return Number.NaN;
    const isNegative = this.#bytes[start] === MINUS;
    const power = POWERS_OF_TEN[Math.abs(exponent)];
    if (power !== undefined && digits <= MAX_DIGITS) {
      const magnitude = exponent < 0 ? value / power : value * power;
      if (value <= Number.MAX_SAFE_INTEGER) return isNegative ? -magnitude : magnitude;
      if (this.#isNarrow) {
        const low = Math.fround(magnitude * (1 - GATHERED_ERROR));
        if (low === Math.fround(magnitude * (1 + GATHERED_ERROR))) return isNegative ? -low : low;
      }
    }
    const text = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, this.#at - start);
    return Number(text.toString('latin1'));
  }
}
