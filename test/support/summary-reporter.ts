/** Prints why tests were skipped, and as the very last line of the run `N passed, N failed, N skipped`. */
import type { Reporter, TestCase, TestModule } from 'vitest/node';

export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0;
    // An error outside of all tests is a failure too; so is a file that could not be collected.
    let failed = errors.length;
    const skipped = new Map<string, number>();
    for (const module of modules) {
      failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed++;
        else if (state === 'skipped') {
          const reason = skipReason(test);
          skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
        } else failed++;
      }
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
    }

    // After everything that other reporters and the closing of workers print.
    process.once('exit', () => {
      if (failed > 0 && !process.exitCode) process.exitCode = 1;
      for (const [reason, count] of skipped) console.log(`skipped ${count}: ${reason}`);
      const total = [...skipped.values()].reduce((sum, count) => sum + count, 0);
      console.log(`${passed} passed, ${failed} failed, ${total} skipped`);
    });
  }
}

function skipReason(test: TestCase): string {
  for (let task: TestCase['parent'] | TestCase = test; task.type !== 'module'; task = task.parent) {
    const { skipReason } = task.meta();
    if (skipReason !== undefined) return skipReason;
  }
  const result = test.result();
  return (result.state === 'skipped' && result.note) || 'no reason given';
}
