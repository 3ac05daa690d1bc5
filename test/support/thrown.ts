import { AssertionError } from 'chai';

type ErrorClass<E extends Error> = abstract new (...args: never[]) => E;

/** Runs `action` and returns what it throws, which must be an `expected`. */
export function thrownBy<E extends Error>(expected: ErrorClass<E>, action: () => unknown): E {
  try {
    action();
  } catch (error) {
    if (error instanceof expected) return error;
    throw error;
  }
  throw new AssertionError(`expected ${expected.name}, but nothing was thrown`);
}

/** Awaits `promise` and returns what it rejects with, which must be an `expected`. */
export async function rejectionOf<E extends Error>(expected: ErrorClass<E>, promise: Promise<unknown>): Promise<E> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof expected) return error;
    throw error;
  }
  throw new AssertionError(`expected ${expected.name}, but the promise was fulfilled`);
}
