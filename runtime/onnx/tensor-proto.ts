import { narrowInteger } from '../tensor/element.ts';
import { ModelFailure } from '../errors.ts';
import type { Label } from './signature.ts';
import { elemTypeName } from './value-info.ts';
import { WIRE, readerAt } from './wire.ts';
import type { MessagePlace, MessageReader } from './wire.ts';
import { quote } from './quote.ts';

/** A TensorProto without its data. */
export interface TensorHeader {
  readonly name: string;
  /** `TensorProto.DataType`. */
  readonly dataType: number;
  readonly dims: readonly number[];
  readonly external: ExternalReference | undefined;
  /** The message in the file, to read its values later. */
  readonly place: MessagePlace;
}

/** Where the data of a tensor lies outside of the file. */
export interface ExternalReference {
  readonly location: string;
  readonly offset: number;
  /** Bytes; undefined when the file does not say. */
  readonly length: number | undefined;
}

/** TensorProto. */
const FIELD = {
  dims: 1,
  dataType: 2,
  int32Data: 5,
  stringData: 6,
  int64Data: 7,
  name: 8,
  rawData: 9,
  externalData: 13,
} as const;

/** Bits of one element, by `TensorProto.DataType`; strings have none. */
const ELEMENT_BITS: readonly (number | undefined)[] = [
  undefined,
  32,
  8,
  8,
  16,
  16,
  32,
  64,
  undefined,
  8,
  16,
  64,
  32,
  64,
  64,
  128,
  16,
  8,
  8,
  8,
  8,
  4,
  4,
  4,
  8,
  2,
  2,
];

/**
 * Reads a tensor's header and skips its data.
 * @throws ModelFailure ModelInvalid when the data in the file is not as long as type and dimensions say
 */
export function readTensorHeader(field: MessageReader): TensorHeader {
  const message = field.message();
  let name = '';
  let dataType = 0;
  const dims: number[] = [];
  let rawBytes: number | undefined;
  const external = new Map<string, string>();
  while (message.next()) {
    switch (message.field) {
      case FIELD.dims:
        for (const size of message.int64s()) {
          message.input.keep();
          dims.push(Number(size));
        }
        break;
      case FIELD.dataType:
        dataType = message.number();
        break;
      case FIELD.name:
        name = message.text();
        break;
      case FIELD.rawData:
        if (message.wireType === WIRE.bytes) rawBytes = message.payloadEnd - message.payloadStart;
        break;
      case FIELD.externalData:
        readEntry(message.message(), external);
        break;
      default:
    }
  }
  message.input.keep();
  const header = { name, dataType, dims, external: externalReference(external), place: message.place };
  if (!header.external && rawBytes !== undefined) checkRawBytes(header, rawBytes);
  return header;
}

/** StringStringEntryProto {key=1, value=2}. */
export function readEntry(message: MessageReader, entries: Map<string, string>, maxValueBytes = 4096): void {
  let key = '';
  let value = '';
  while (message.next()) {
    if (message.field === 1) key = message.text();
    else if (message.field === 2) value = message.text(maxValueBytes);
  }
  message.input.keep();
  entries.set(key, value);
}

function externalReference(entries: ReadonlyMap<string, string>): ExternalReference | undefined {
  const location = entries.get('location');
  if (location === undefined) return undefined;
  const length = entries.get('length');
  return {
    location,
    offset: byteCount(entries.get('offset')) ?? 0,
    length: length === undefined ? undefined : byteCount(length),
  };
}

function byteCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Bytes the data of a tensor takes; undefined for strings and types without a fixed size. */
export function tensorBytes({ dataType, dims }: Pick<TensorHeader, 'dataType' | 'dims'>): number | undefined {
  const bits = ELEMENT_BITS[dataType];
  if (bits === undefined) return undefined;
  return Math.ceil((dims.reduce((count, size) => count * size, 1) * bits) / 8);
}

function checkRawBytes(header: TensorHeader, rawBytes: number): void {
  const expected = tensorBytes(header);
  if (expected === undefined || expected === rawBytes) return;
  throw new ModelFailure(
    'ModelInvalid',
    `The ONNX file is damaged: tensor ${quote(header.name)} (${elemTypeName(header.dataType)} [${header.dims.join(',')}]) needs ${expected} bytes but holds ${rawBytes}. Export the model again.`,
  );
}

/** Longest list of constants that is read as class labels. */
const MAX_LABELS = 100_000;

/**
 * The values of a small constant of integers or strings, for class labels.
 * @returns undefined for other types, external data, or more than 100,000 values
 */
export function readLabelTensor(header: TensorHeader): Label[] | undefined {
  const count = header.dims.reduce((product, size) => product * size, 1);
  if (header.external || !(count >= 1 && count <= MAX_LABELS)) return undefined;
  const labels: Label[] = [];
  const message = readerAt(header.place);
  while (message.next()) appendLabels(message, header.dataType, labels);
  message.input.keep(labels.length);
  return labels.length === count ? labels : undefined;
}

const DATA_TYPE = { int32: 6, int64: 7, string: 8, bool: 9 } as const;

function appendLabels(message: MessageReader, dataType: number, labels: Label[]): void {
  if (message.field === FIELD.stringData && dataType === DATA_TYPE.string) labels.push(message.text());
  else if (message.field === FIELD.rawData) appendRaw(message.bytes(), dataType, labels);
  else if (message.field === FIELD.int64Data && dataType === DATA_TYPE.int64) appendIntegers(message, false, labels);
  else if (message.field === FIELD.int32Data && (dataType === DATA_TYPE.int32 || dataType === DATA_TYPE.bool)) {
    appendIntegers(message, dataType === DATA_TYPE.bool, labels);
  }
}

function appendIntegers(message: MessageReader, asBoolean: boolean, labels: Label[]): void {
  for (const value of message.int64s()) {
    if (labels.length >= MAX_LABELS) return;
    labels.push(asBoolean ? value !== 0n : narrowInteger(value));
  }
}

function appendRaw(bytes: Uint8Array, dataType: number, labels: Label[]): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (dataType === DATA_TYPE.int64) {
    for (let at = 0; at + 8 <= bytes.length; at += 8) labels.push(narrowInteger(view.getBigInt64(at, true)));
  } else if (dataType === DATA_TYPE.int32) {
    for (let at = 0; at + 4 <= bytes.length; at += 4) labels.push(view.getInt32(at, true));
  } else if (dataType === DATA_TYPE.bool) {
    for (const byte of bytes) labels.push(byte !== 0);
  }
}
