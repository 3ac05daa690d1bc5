import type { ServingState } from '../serving-state.ts';
import { type Answerer, type HttpAnswer, JSON_TYPE } from './answer.ts';

/** `GET /livez`: 200 while the process is sane, also while loading and under full load. */
export function liveness(state: ServingState): Answerer {
  return () => answer(state.isAlive, { true: 'live', false: 'stuck' });
}

/** `GET /readyz`: 200 once loaded and warmed up, 503 before, and again when the process is about to end. */
export function readiness(state: ServingState): Answerer {
  return () =>
    answer(state.isReady && state.isAlive, { true: 'ready', false: state.isDraining ? 'ending' : 'loading' });
}

function answer(isWell: boolean, words: { true: string; false: string }): HttpAnswer {
  return {
    status: isWell ? 200 : 503,
    contentType: JSON_TYPE,
    body: JSON.stringify({ status: isWell ? words.true : words.false }),
    headers: [['Cache-Control', 'no-store']],
  };
}
