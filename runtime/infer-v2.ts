import type { RequestLimits } from './batching/pending-request.ts';
import { RequestError } from './errors.ts';
import { missingValueWarnings } from './missing-values.ts';
import type { V2Request } from './protocol/v2/decode-request.ts';
import type { V2Response } from './protocol/v2/encode-response.ts';
import type { ServedModel } from './serving-state.ts';

/**
 * Runs a V2 request, by whatever door it came, on the data plane that all protocols share: it is coalesced with requests of any of them.
 * @returns what the answer is made of; `parameters.warnings` when there is something to know about it
 * @throws RequestError InvalidInput, Overloaded, DeadlineExceeded, InferenceFailed
 */
export async function inferV2(
  { predictor, signature }: Pick<ServedModel, 'predictor' | 'signature'>,
  { feeds, rows, outputs }: V2Request,
  limits: RequestLimits,
): Promise<Pick<V2Response, 'outputs' | 'parameters'>> {
  const warnings = missingValueWarnings(feeds, rows, signature);
  // In the graph's order, whatever the answer's: only requests with the same list share a run.
  const wanted = new Set(outputs.map(({ name }) => name));
  const names = signature.outputs.map(({ name }) => name).filter((name) => wanted.has(name));
  const results = await predictor.infer({ feeds, rows, outputs: names }, limits);
  return {
    outputs: outputs.map(({ name, binary }) => {
      const tensor = results.get(name);
      if (!tensor) throw new RequestError('InferenceFailed', `the model gave no output ${JSON.stringify(name)}`);
      return { name, tensor, binary };
    }),
    parameters: warnings.length === 0 ? undefined : { warnings: warnings.join(' ') },
  };
}
