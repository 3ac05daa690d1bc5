/** Makes a damaged copy of a file; `other` is a second file that pieces may be taken from. */
export type Mutator = (original: Uint8Array, other: Uint8Array) => Uint8Array;

type Random = (below: number) => number;

/** Bytes that mean much in protobuf: tags, huge lengths, negative numbers, ends of varints. */
const INTERESTING = [0x00, 0x01, 0x08, 0x0a, 0x12, 0x22, 0x2a, 0x3a, 0x42, 0x7f, 0x80, 0xff];

/** One kind of damage. */
type Damage = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

const flipBits: Damage = (bytes, random) => {
  for (let count = 1 + random(3); count > 0; count -= 1) bytes[random(bytes.length)]! ^= 1 << random(8);
  return bytes;
};
const setBytes: Damage = (bytes, random) => {
  for (let count = 1 + random(3); count > 0; count -= 1) {
    bytes[random(bytes.length)] = random(2) === 0 ? INTERESTING[random(INTERESTING.length)]! : random(256);
  }
  return bytes;
};
const cutOff: Damage = (bytes, random) => bytes.slice(0, random(bytes.length));
const dropRange: Damage = (bytes, random) => {
  const start = random(bytes.length);
  return join(bytes.subarray(0, start), bytes.subarray(start + 1 + random(64)));
};
const repeatRange: Damage = (bytes, random) => {
  const start = random(bytes.length);
  const end = start + 1 + random(256);
  return join(bytes.subarray(0, end), bytes.subarray(start));
};
const splice: Damage = (bytes, random, other) => {
  const start = random(bytes.length);
  const from = random(other.length + 1);
  return join(bytes.subarray(0, start), other.subarray(from, from + random(512)), bytes.subarray(start + random(512)));
};
const hugeVarint: Damage = (bytes, random) => {
  const at = random(bytes.length);
  const varint = Uint8Array.from({ length: 1 + random(10) }, () => 0xff);
  return join(bytes.subarray(0, at), varint, Uint8Array.of(random(128)), bytes.subarray(at + 1));
};
const DAMAGES: readonly Damage[] = [
  flipBits,
  flipBits,
  setBytes,
  setBytes,
  cutOff,
  dropRange,
  repeatRange,
  splice,
  hugeVarint,
];

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let position = 0;
  for (const part of parts) {
    result.set(part, position);
    position += part.length;
  }
  return result;
}

/** Puts one of the tokens of a text format in, or in the place of some bytes. */
function putToken(tokens: readonly Uint8Array[]): Damage {
  return (bytes, random) => {
    const at = random(bytes.length);
    return join(bytes.subarray(0, at), tokens[random(tokens.length)]!, bytes.subarray(at + random(4)));
  };
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
/** Signs that numbers are made of; digits most of all, which leave the form as it was. */
const IN_NUMBERS = Buffer.from('0123456789012345678901234567890123456789.-+eE');

/** Makes another number of one: the form of a text stays whole. */
const changeNumber: Damage = (bytes, random) => {
  const from = random(bytes.length);
  const at = bytes.findIndex((byte, index) => index >= from && isDigit(byte));
  if (at >= 0) bytes[at] = IN_NUMBERS[random(IN_NUMBERS.length)]!;
  return bytes;
};

/**
 * Damages files in ways that depend only on the seed and the order of calls.
 * @param tokens words and signs of the format, put in or numbers changed two times of three
 */
export function makeMutator(seed: number, tokens: readonly string[] = []): Mutator {
  const random = makeRandom(seed);
  const put = putToken(tokens.map((token) => Buffer.from(token)));
  const damages = tokens.length === 0 ? DAMAGES : [...DAMAGES, ...DAMAGES.flatMap(() => [put, changeNumber])];
  return (original, other) => {
    let bytes: Uint8Array = Uint8Array.from(original);
    for (let count = random(4) === 0 ? 3 : 1; count > 0 && bytes.length > 0; count -= 1) {
      bytes = damages[random(damages.length)]!(bytes, random, other);
    }
    return bytes;
  };
}

/** xorshift32. */
function makeRandom(seed: number): Random {
  let state = seed | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
