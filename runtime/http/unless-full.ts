import type { ServedModel, ServingState } from '../serving-state.ts';
import { type Answerer, errorAnswer, type Exchange, type HttpAnswer } from './answer.ts';

/**
 * Answers by `answerTo` as long as there is room in the queue, and refuses at once otherwise, before anything of the request is read.
 * @throws RequestError ModelNotReady while there is no model
 */
export function unlessFull(
  state: ServingState,
  answerTo: (exchange: Exchange, model: ServedModel) => Promise<HttpAnswer>,
): Answerer {
  return (exchange) => {
    const model = state.requireModel();
    const refusal = model.predictor.refusal();
    return refusal ? errorAnswer(refusal) : answerTo(exchange, model);
  };
}
