import type { FullResult, Reporter, Suite, TestCase, TestError } from '@playwright/test/reporter'
import { stripVTControlCharacters } from 'node:util'
import { writeFileSync } from 'node:fs'
import { addSkip, emptyTally } from './Tally.ts'

/** Writes what a run of Playwright came to into the file named by TALLY_FILE. */
export default class PlaywrightReporter implements Reporter {
  private readonly tally = emptyTally()
  private tests: TestCase[] = []

  onBegin(_config: unknown, suite: Suite): void {
    this.tests = suite.allTests()
  }

  onError(error: TestError): void {
    this.fail('an error outside of every test', error)
  }

  onEnd(result: FullResult): void {
    for (const test of this.tests) this.add(test)
    if (this.tests.length + this.tally.failures.length === 0) this.fail('no test', { message: result.status })
    writeFileSync(process.env['TALLY_FILE'] ?? 'tally.json', JSON.stringify(this.tally))
  }

  private add(test: TestCase): void {
    const name = test.titlePath().filter(Boolean).join(' > ')
    const outcome = test.outcome()
    const last = test.results.at(-1)
    if (outcome === 'expected') this.tally.passed += 1
    else if (outcome === 'skipped') addSkip(this.tally, name, skipReason(test))
    else this.fail(name, last?.error ?? { message: `${outcome}: ${last?.status ?? 'never ran'}` })
  }

  private fail(name: string, error: TestError): void {
    const message = stripVTControlCharacters(error.message ?? String(error.value)).split('\n')[0] ?? ''
    this.tally.failures.push({ name, message })
  }
}

/** A test that never ran, after a failure or the end of time, has no annotation and so no reason. */
function skipReason(test: TestCase): string | undefined {
  return test.annotations.find(({ type }) => type === 'skip' || type === 'fixme')?.description
}
