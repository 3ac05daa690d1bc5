import { invalidInput } from '../../errors.ts';
import type { JsonObject } from '../decoded-inputs.ts';
import {
  expectWire,
  type FieldReader,
  readBytes,
  type Reader,
  readFields,
  readInteger,
  readText,
  readVarints,
  WIRE,
} from './read-fields.ts';

/** A `ModelInferRequest` taken apart; the bytes share memory with the message. */
export interface InferMessage {
  readonly modelName: string;
  /** Empty: any. */
  readonly modelVersion: string;
  /** What the JSON body of V2 would say, without the elements of tensors. */
  readonly document: JsonObject & { readonly inputs: readonly JsonObject[] };
  /** `InferTensorContents` of each input, undecoded; undefined where there are none. */
  readonly contents: readonly (Uint8Array | undefined)[];
  /** `raw_input_contents` */
  readonly raw: readonly Uint8Array[];
}

/** Tensors, parameters and the like in one message: a message of a few bytes each would otherwise become objects of hundreds. */
const MAX_PARTS = 100_000;
/** Dimensions kept of a shape: one more than any shape may have. */
const MAX_DIMENSIONS = 65;

/**
 * Takes a `ModelInferRequest` apart without decoding tensors, whose sizes only the model's signature bounds.
 * https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/open_inference_grpc.proto
 * @throws RequestError InvalidInput
 */
export function decodeInferMessage(bytes: Uint8Array): InferMessage {
  return new InferMessageReader().read(bytes);
}

class InferMessageReader {
  #parts = 0;

  read(bytes: Uint8Array): InferMessage {
    const texts = { modelName: '', modelVersion: '', id: '' };
    const parameters: Entry[] = [];
    const inputs: JsonObject[] = [];
    const outputs: JsonObject[] = [];
    const contents: (Uint8Array | undefined)[] = [];
    const raw: Uint8Array[] = [];
    readFields(bytes, 'ModelInferRequest', {
      1: (...field) => (texts.modelName = readText(...field)),
      2: (...field) => (texts.modelVersion = readText(...field)),
      3: (...field) => (texts.id = readText(...field)),
      4: (...field) => parameters.push(this.#parameter(...field)),
      5: (...field) => {
        const input = this.#tensor('InferInputTensor', this.#part(...field), inputs.length);
        inputs.push(input.header);
        contents.push(input.contents);
      },
      6: (...field) => outputs.push(this.#output(this.#part(...field))),
      7: (...field) => raw.push(this.#part(...field)),
    });
    const { modelName, modelVersion, id } = texts;
    const given = { ...(id === '' ? {} : { id }), parameters: Object.fromEntries(parameters), inputs, outputs };
    return { modelName, modelVersion, document: given, contents, raw };
  }

  /** A message or bytes inside of the request. */
  #part(reader: Reader, wireType: number): Uint8Array {
    this.#parts += 1;
    if (this.#parts > MAX_PARTS) {
      throw invalidInput('message', `has more than ${MAX_PARTS} tensors and parameters; send fewer at once`);
    }
    return readBytes(reader, wireType);
  }

  #tensor(type: string, bytes: Uint8Array, index: number): { header: JsonObject; contents: Uint8Array | undefined } {
    const texts = { name: '', datatype: '' };
    const shape: (number | bigint)[] = [];
    const parameters: Entry[] = [];
    let contents: Uint8Array | undefined;
    const addDimension = (reader: Reader): void => {
      const length = readInteger(reader, WIRE.varint);
      if (shape.length < MAX_DIMENSIONS) shape.push(length);
    };
    readFields(bytes, type, {
      1: (...field) => (texts.name = readText(...field)),
      2: (...field) => (texts.datatype = readText(...field)),
      3: (reader, wireType) => readVarints(reader, wireType, addDimension),
      4: (...field) => parameters.push(this.#parameter(...field)),
      5: (...field) => {
        // Protobuf would join the two; no client sends them.
        if (contents) throw invalidInput(`inputs[${index}].contents`, 'is given twice');
        contents = readBytes(...field);
      },
    });
    return { header: { ...texts, shape, parameters: Object.fromEntries(parameters) }, contents };
  }

  #output(bytes: Uint8Array): JsonObject {
    let name = '';
    const parameters: Entry[] = [];
    readFields(bytes, 'InferRequestedOutputTensor', {
      1: (...field) => (name = readText(...field)),
      2: (...field) => parameters.push(this.#parameter(...field)),
    });
    return { name, parameters: Object.fromEntries(parameters) };
  }

  /** An entry of a `map<string, InferParameter>`. */
  #parameter(...field: Parameters<FieldReader>): Entry {
    let name = '';
    let value: unknown = null;
    const set = (read: (reader: Reader) => unknown, wire: number): FieldReader => {
      return (reader, wireType) => {
        expectWire(wireType, wire);
        value = read(reader);
      };
    };
    readFields(this.#part(...field), 'InferParameter', {
      1: (reader, wireType) => (name = readText(reader, wireType)),
      2: (reader, wireType) =>
        readFields(readBytes(reader, wireType), 'InferParameter', {
          1: set((bits) => bits.bool(), WIRE.varint),
          2: set((bits) => readInteger(bits, WIRE.varint), WIRE.varint),
          3: set((bits) => bits.string(), WIRE.bytes),
          4: set((bits) => bits.double(), WIRE.fixed64),
          5: set((bits) => readInteger(bits, WIRE.varint, false), WIRE.varint),
        }),
    });
    return [name, value];
  }
}

type Entry = readonly [name: string, value: unknown];

/** What `ModelReadyRequest` and `ModelMetadataRequest` ask about, and `HealthCheckRequest`, whose only field is the first. */
export interface NameMessage {
  readonly name: string;
  /** Empty: any. */
  readonly version: string;
}

/** @throws RequestError InvalidInput */
export function decodeNameMessage(bytes: Uint8Array, type: string): NameMessage {
  const message = { name: '', version: '' };
  readFields(bytes, type, {
    1: (...field) => (message.name = readText(...field)),
    2: (...field) => (message.version = readText(...field)),
  });
  return message;
}

/** Checks that the bytes are a message, of which no field is known. @throws RequestError InvalidInput */
export function decodeEmptyMessage(bytes: Uint8Array, type: string): void {
  readFields(bytes, type, {});
}
