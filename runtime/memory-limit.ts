import { totalmem } from 'node:os';

/**
 * Bytes this process may use: the smallest of the limit given (the container's, by the Downward API), the control group's, and the machine's memory.
 * @param limitBytes undefined: not known
 */
export function memoryLimitBytes(limitBytes: number | undefined): number {
  // 0 where there is no such limit; an unlimited group says a number beyond any machine.
  const constrained = process.constrainedMemory();
  return Math.min(limitBytes ?? Infinity, constrained > 0 ? constrained : Infinity, totalmem());
}
