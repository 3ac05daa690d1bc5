import { Buffer } from 'node:buffer';
import { invalidInput } from '../../errors.ts';
import type { Datatype } from '../../tensor/tensor.ts';
import { quote } from '../describe.ts';

/** What stands in front of the elements of an .npy file. */
export interface NpyHeader {
  /** BYTES: text of `elementBytes` / 4 characters in UTF-32. */
  readonly datatype: Datatype;
  readonly elementBytes: number;
  readonly shape: readonly number[];
  /** Column-major: the first index runs fastest. */
  readonly fortranOrder: boolean;
  /** Where the elements begin. */
  readonly offset: number;
}

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
/** numpy's own limit for files that are not trusted. */
const MAX_HEADER_BYTES = 10_000;

const DATATYPES: ReadonlyMap<string, readonly [Datatype, number]> = new Map([
  ['|b1', ['BOOL', 1]],
  ['|u1', ['UINT8', 1]],
  ['<u2', ['UINT16', 2]],
  ['<u4', ['UINT32', 4]],
  ['<u8', ['UINT64', 8]],
  ['|i1', ['INT8', 1]],
  ['<i2', ['INT16', 2]],
  ['<i4', ['INT32', 4]],
  ['<i8', ['INT64', 8]],
  ['<f2', ['FP16', 2]],
  ['<f4', ['FP32', 4]],
  ['<f8', ['FP64', 8]],
]);

/** The one form that numpy writes: keys in alphabetical order, a trailing comma allowed. */
const DICTIONARY =
  /^\{'descr': *(?:'([^']{1,20})'|(\[.*\])), *'fortran_order': *(True|False), *'shape': *\(([\d, ]*)\),? *\}\s*$/;

/**
 * Reads the header of an .npy file of version 1 to 3.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * @throws RequestError InvalidInput
 */
export function parseNpyHeader(body: Uint8Array): NpyHeader {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const { text, offset } = headerText(bytes);
  const match = DICTIONARY.exec(text);
  if (!match) throw invalidInput('header', `expected 'descr', 'fortran_order' and 'shape', got ${quote(text.trim())}`);
  const [, descr, fields, order, shape = ''] = match;
  return { ...datatypeOf(descr, fields), fortranOrder: order === 'True', shape: dimensionsOf(shape), offset };
}

function headerText(bytes: Buffer): { readonly text: string; readonly offset: number } {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw invalidInput('body', 'is no .npy file; write one with numpy.save(file, array)');
  }
  const major = bytes[6] ?? 0;
  if (major < 1 || major > 3) throw invalidInput('body', `expected version 1 to 3 of the .npy format, got ${major}`);
  const start = major === 1 ? 10 : 12;
  if (bytes.length < start) throw cutOff();
  const length = major === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  if (length > MAX_HEADER_BYTES) throw invalidInput('header', `is ${length} bytes long, more than ${MAX_HEADER_BYTES}`);
  const offset = start + length;
  if (bytes.length < offset) throw cutOff();
  return { text: bytes.toString(major === 3 ? 'utf8' : 'latin1', start, offset), offset };
}

function datatypeOf(
  descr: string | undefined,
  fields: string | undefined,
): Pick<NpyHeader, 'datatype' | 'elementBytes'> {
  if (descr === undefined) {
    throw invalidInput('header.descr', `structured arrays are not served, got ${quote(fields ?? '')}; send CSV`);
  }
  const known = DATATYPES.get(descr);
  if (known) return { datatype: known[0], elementBytes: known[1] };
  const text = /^<U(\d{1,9})$/.exec(descr);
  if (text) return { datatype: 'BYTES', elementBytes: Number(text[1]) * 4 };
  throw invalidInput('header.descr', `the dtype ${quote(descr)} is not served; ${hintFor(descr)}`);
}

function hintFor(descr: string): string {
  if (descr.startsWith('>')) return `convert it with array.astype('<${descr.slice(1)}')`;
  if (descr.startsWith('|O')) return "convert it with array.astype(str) or astype('float32')";
  if (descr.startsWith('|S')) return 'convert it with numpy.char.decode(array)';
  return 'send booleans, integers, float16, float32, float64 or str';
}

function dimensionsOf(text: string): number[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.at(-1) === '') parts.pop();
  const shape = parts.map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN));
  if (shape.every((length) => Number.isSafeInteger(length))) return shape;
  throw invalidInput('header.shape', `expected a tuple of integers, got ${quote(`(${text})`)}`);
}

function cutOff(): Error {
  return invalidInput('body', 'the .npy file ends inside its header');
}
