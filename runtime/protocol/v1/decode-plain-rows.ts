import type { ModelSignature, TensorSpec } from '../../onnx/signature.ts';
import { elementCount } from '../../tensor/shape.ts';
import type { DecodedInputs } from '../decoded-inputs.ts';
import { JsonNumbers } from '../json-numbers.ts';
import { isNumberDatatype, roomFor, type NumberDatatype } from '../number-target.ts';

/**
 * The commonest request, `{"instances": [[5.1, 3.5], ...]}` and nothing else, read from its bytes in one pass, for a model with one float input
 * of known row shape. Twice as fast as the general way (docs/performance.md).
 * @returns undefined for everything that is not exactly that; nothing has been judged then
 */
export function decodePlainRows(body: Uint8Array, signature: ModelSignature): DecodedInputs | undefined {
  const input = plainInput(signature);
  if (!input) return undefined;
  const { spec, datatype, rowShape } = input;
  const numbers = new JsonNumbers(body, datatype === 'FP32');
  if (!OPENING.every((token) => numbers.skip(token))) return undefined;
  const rowElements = elementCount(rowShape);
  // A number and what follows it take two bytes.
  const room = roomFor(datatype, Math.ceil(body.length / 2) + rowElements);
  let rows = 0;
  do {
    if (!numbers.readNested(rowShape, room, rows * rowElements)) return undefined;
    rows += 1;
  } while (numbers.skip(','));
  if (!numbers.skip(']') || !numbers.skip('}') || !numbers.isAtEnd()) return undefined;
  const tensor = { datatype, shape: [rows, ...rowShape], data: room.slice(0, rows * rowElements) };
  return { rows, feeds: new Map([[spec.name, tensor]]) };
}

const OPENING = ['{', '"instances"', ':', '['];

interface PlainInput {
  readonly spec: TensorSpec;
  readonly datatype: NumberDatatype;
  /** Of known, positive lengths, one at least. */
  readonly rowShape: readonly number[];
}

const PLAIN_INPUTS = new WeakMap<ModelSignature, PlainInput | false>();

/** The one input of a model that rows of plain numbers can be read for, looked up once per signature. */
function plainInput(signature: ModelSignature): PlainInput | undefined {
  let input = PLAIN_INPUTS.get(signature);
  if (input === undefined) {
    input = findPlainInput(signature) ?? false;
    PLAIN_INPUTS.set(signature, input);
  }
  return input || undefined;
}

function findPlainInput({ inputs, batched }: ModelSignature): PlainInput | undefined {
  const [spec] = inputs;
  const rowShape = spec?.shape?.slice(1) ?? [];
  const isPlain = batched && inputs.length === 1 && rowShape.length > 0 && rowShape.every((length) => length > 0);
  return spec && isPlain && isNumberDatatype(spec.datatype) ? { spec, datatype: spec.datatype, rowShape } : undefined;
}
