import type { Reporter, TestModule } from 'vitest/node'

/** Ends the output of a run with one plain line that counts the tests, for those who read it with a program. */
export default class ClosingLineReporter implements Reporter {
  /** Called by vitest when all tests have run. */
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 }
    for (const module of modules) {
      let failed = 0
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'failed') failed++
        else if (state !== 'pending') counts[state]++
      }
      // A file that cannot be loaded or set up fails without any test that does.
      counts.failed += module.state() === 'failed' ? Math.max(1, failed) : failed
    }
    // vitest prints its own summary in the same turn; the line comes after it.
    process.on('exit', () => {
      process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`)
    })
  }
}
