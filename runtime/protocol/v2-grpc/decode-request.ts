import { invalidInput } from '../../errors.ts';
import type { ModelSignature } from '../../onnx/signature.ts';
import { elementCount } from '../../tensor/shape.ts';
import type { TensorReader } from '../v2/decode-inputs.ts';
import { decodeV2Document, type V2Request } from '../v2/decode-request.ts';
import { decodeParameters } from '../v2/parameters.ts';
import { decodeElements } from '../v2-binary/decode-elements.ts';
import { decodeContents } from './decode-contents.ts';
import type { InferMessage } from './infer-message.ts';

/** A gRPC inference request whose tensors fit the model's signature. The receiver owns the buffers. */
export interface GrpcInferRequest extends V2Request {
  /** Its tensors came in `raw_input_contents`, and so does the answer. */
  readonly isRaw: boolean;
}

/**
 * Decodes the tensors of a `ModelInferRequest` by the rules of V2 in JSON: all of them from `raw_input_contents`, or each from its `contents`.
 * @throws RequestError InvalidInput, message with the field path first
 */
export function decodeInferRequest(message: InferMessage, signature: ModelSignature): GrpcInferRequest {
  const { document, raw } = message;
  const isRaw = raw.length > 0;
  const tensors = document.inputs.length;
  if (isRaw && raw.length !== tensors) {
    throw invalidInput('raw_input_contents', `expected ${tensors} as in inputs, got ${raw.length}`);
  }
  return { isRaw, ...decodeV2Document(document, signature, messageTensorReader(message)) };
}

function messageTensorReader({ contents, raw }: InferMessage): TensorReader {
  const isRaw = raw.length > 0;
  const none = new Uint8Array();
  return (input, { spec: { datatype }, shape, path, position }) => {
    decodeParameters(input['parameters'], `${path}.parameters`);
    const typed = contents[position];
    if (!isRaw) {
      if (typed ?? elementCount(shape) === 0) {
        return decodeContents(typed ?? none, { datatype, shape, path: `${path}.contents` });
      }
      throw invalidInput(path, 'missing "contents" (or raw_input_contents for bytes)');
    }
    // Some clients make an empty message of it.
    if (typed && typed.byteLength > 0) {
      throw invalidInput(
        `${path}.contents`,
        'expected nothing beside raw_input_contents; send the tensor in one of them',
      );
    }
    const place = `raw_input_contents[${position}]`;
    return decodeElements({ datatype, shape, bytes: raw[position] ?? none }, { size: place, data: place });
  };
}
