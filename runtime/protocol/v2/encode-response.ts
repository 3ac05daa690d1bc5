import { Buffer } from 'node:buffer';
import { elementReader, type JsonValue } from '../../tensor/element.ts';
import { elementCount } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { stringifyJson } from '../stringify-json.ts';
import { encodeElements } from '../v2-binary/encode-elements.ts';

/** One tensor of an answer. */
export interface AnsweredOutput {
  readonly name: string;
  readonly tensor: Tensor;
  /** As bytes behind the JSON, instead of numbers in it. */
  readonly binary: boolean;
}

/** What a V2 answer is made of. */
export interface V2Response {
  readonly modelName: string;
  /** The generation of its file. */
  readonly modelVersion: string;
  readonly id: string | undefined;
  readonly outputs: readonly AnsweredOutput[];
  /** Parameters of the answer, e.g. `{warnings: ...}`; undefined: none. */
  readonly parameters?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** A body to be sent. */
export interface V2ResponseBody {
  readonly body: string | Buffer;
  /** For `Inference-Header-Content-Length`: bytes of JSON at the start of a body that has tensors behind it; undefined: it is all JSON. */
  readonly jsonBytes: number | undefined;
}

/**
 * The body of a V2 answer. In JSON data is flat, in row-major order; integers beyond 2^53 keep every digit, floats are their shortest
 * decimal (FP16 too), NaN and infinities are null: only binary data can hold those.
 */
export function encodeV2Response({ modelName, modelVersion, id, parameters, outputs }: V2Response): V2ResponseBody {
  const tensors: Uint8Array[] = [];
  const described = outputs.map(({ name, tensor, binary }): Record<string, JsonValue> => {
    const header = { name, datatype: tensor.datatype, shape: tensor.shape };
    if (!binary) return { ...header, data: flatData(tensor) };
    const bytes = encodeElements(tensor);
    tensors.push(bytes);
    return { ...header, parameters: { binary_data_size: bytes.byteLength } };
  });
  const json = stringifyJson({
    model_name: modelName,
    model_version: modelVersion,
    ...(id === undefined ? {} : { id }),
    ...(parameters === undefined ? {} : { parameters }),
    outputs: described,
  });
  if (tensors.length === 0) return { body: json, jsonBytes: undefined };
  const head = Buffer.from(json);
  return { body: Buffer.concat([head, ...tensors]), jsonBytes: head.byteLength };
}

function flatData(tensor: Tensor): JsonValue[] {
  const read = elementReader(tensor);
  return Array.from({ length: elementCount(tensor.shape) }, (_, index) => read(index));
}
