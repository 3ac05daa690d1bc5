import Mocha from 'mocha';

/**
 * Mocha's spec reporter, closing with one line `N passed, N failed[, N skipped]` that people and CI can read.
 */
export default class SummaryReporter extends Mocha.reporters.Spec {
  override epilogue(): void {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    const skipped = pending > 0 ? `, ${pending} skipped` : '';
    Mocha.reporters.Base.consoleLog(`${passes} passed, ${failures} failed${skipped}`);
  }
}
