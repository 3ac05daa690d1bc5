import type { ModelSignature, TensorSpec } from './signature.ts';

/** How an input's or output's axis 0 is declared: free, a fixed number, or not there at all. */
type FirstAxis = 'free' | 'none' | number;

function firstAxis({ shape }: TensorSpec): FirstAxis {
  if (!shape) return 'free';
  const [first] = shape;
  if (first === undefined) return 'none';
  return first === -1 ? 'free' : first;
}

/**
 * Whether axis 0 is rows. Inputs and outputs must agree: every input has the axis, free or of one fixed size, and some output has it
 * too. `[3,224,224] -> [1000]` is a model for one image, `[8,4] -> [8,2]` one for eight rows at once, `[1,4] -> [1,2]` for one.
 */
export function inferBatching(
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
): Pick<ModelSignature, 'batched' | 'fixedBatch'> {
  const none = { batched: false, fixedBatch: undefined };
  const [first, ...rest] = inputs.map(firstAxis);
  if (first === undefined || first === 'none' || rest.some((axis) => axis !== first)) return none;
  const outputAxes = outputs.map(firstAxis);
  if (first === 'free') {
    const follows = outputAxes.some((axis) => axis === 'free');
    return follows ? { batched: true, fixedBatch: undefined } : none;
  }
  const isVector = first !== 1 && inputs.some(({ shape }) => shape?.length === 1);
  const follows = outputAxes.every((axis) => axis === 'free' || axis === first);
  return follows && !isVector ? { batched: true, fixedBatch: first } : none;
}
