/** A line of what goes on, at least so often, for a step that takes longer. */
const REPORT_EVERY_MS = 5_000;

/** Says what a step is doing right now. */
export type SetDetail = (detail: string) => void;

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/**
 * Runs one step of a longer task: its title at the start, its time at the end, and where it is every few seconds between.
 * @returns what the work returns; its error passes through
 */
export async function step<Result>(title: string, work: (setDetail: SetDetail) => Promise<Result>): Promise<Result> {
  const startedAt = performance.now();
  let detail = '';
  console.log(`==> ${title}`);
  const timer = setInterval(() => {
    console.log(`    ${seconds(performance.now() - startedAt)}${detail && `  ${detail}`}`);
  }, REPORT_EVERY_MS);
  try {
    const result = await work((text) => {
      detail = text.trim();
    });
    console.log(`    done in ${seconds(performance.now() - startedAt)}`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
