import { firstDifference } from './compare-answers.ts';
import { ModelFailure, RequestError } from './errors.ts';
import type { ModelSignature } from './onnx/signature.ts';
import type { Predictor } from './predictor.ts';
import { parseJson, parseJsonExactly } from './protocol/parse-json.ts';
import { stringifyJson } from './protocol/stringify-json.ts';
import { decodeV1Request } from './protocol/v1/decode-request.ts';
import { encodeV1Response } from './protocol/v1/encode-response.ts';
import { GOLDEN_FILE } from './side-files.ts';
import type { JsonValue } from './tensor/element.ts';

/** As models in float32 agree with the library that trained them. */
const DEFAULT_TOLERANCE = 1e-5;

/** `golden.json`: requests and the answers that the model must give. */
interface Golden {
  readonly instances: readonly JsonValue[];
  readonly predictions: readonly unknown[];
  readonly tolerance: number;
}

/**
 * Asks the model what golden.json asks, on the way that requests take, and compares the answers.
 * @param text of golden.json: `{"instances": [...], "predictions": [...], "tolerance"?: 1e-5}`
 * @returns how many rows were compared
 * @throws ModelFailure ModelRejected with the first difference; ModelInvalid when the file cannot be used
 */
export async function runSelfCheck(
  text: string,
  predictor: Predictor,
  { signature, deadlineMs }: { readonly signature: ModelSignature; readonly deadlineMs: number },
): Promise<number> {
  const { instances, predictions, tolerance } = parseGolden(text);
  let answer: string;
  try {
    const request = decodeV1Request(stringifyJson({ instances }), signature);
    const response = await predictor.predict(request, { deadlineMs });
    answer = encodeV1Response(response, { form: 'instances', batched: signature.batched });
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    throw rejected(error.message, error);
  }
  const actual = parseJsonExactly(answer) as { predictions: unknown };
  const difference = firstDifference(predictions, actual.predictions, { path: 'predictions', tolerance });
  if (difference !== undefined) throw rejected(difference);
  return predictions.length;
}

function parseGolden(text: string): Golden {
  let value: unknown;
  try {
    value = parseJsonExactly(parseJson(text).text);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    throw unusable(error.message, error);
  }
  const { instances, predictions, tolerance = DEFAULT_TOLERANCE } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (!Array.isArray(instances) || instances.length === 0) throw unusable('"instances" must be a list of rows');
  if (!Array.isArray(predictions) || predictions.length !== instances.length) {
    throw unusable('"predictions" must be a list with one answer for each of "instances"');
  }
  if (typeof tolerance !== 'number' || !(tolerance >= 0)) throw unusable('"tolerance" must be a number, 0 or more');
  return { instances: instances as JsonValue[], predictions, tolerance };
}

function rejected(difference: string, cause?: unknown): ModelFailure {
  return new ModelFailure(
    'ModelRejected',
    `the model does not give the answers of ${GOLDEN_FILE} beside it: ${difference}; export the model again, or correct that file`,
    { cause },
  );
}

function unusable(problem: string, cause?: unknown): ModelFailure {
  return new ModelFailure('ModelInvalid', `${GOLDEN_FILE} beside the model cannot be used: ${problem}`, { cause });
}
