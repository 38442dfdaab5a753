import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'
import { addSkip, emptyTally, type Tally } from './Tally.ts'

type SerializedError = ReturnType<TestModule['errors']>[number]

/** Writes what a run of vitest came to into the file named by TALLY_FILE. */
export default class VitestReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tally = emptyTally()
    for (const module of modules) addModule(tally, module)
    fail(tally, 'an error outside of every test', unhandled)
    writeFileSync(process.env['TALLY_FILE'] ?? 'tally.json', JSON.stringify(tally))
  }
}

function addModule(tally: Tally, module: TestModule): void {
  fail(tally, module.relativeModuleId, module.errors())
  for (const suite of module.children.allSuites()) fail(tally, suite.fullName, suite.errors())
  for (const test of module.children.allTests()) {
    const name = `${module.relativeModuleId} > ${test.fullName}`
    const result = test.result()
    if (result.state === 'passed') tally.passed += 1
    else if (result.state === 'failed') fail(tally, name, result.errors)
    else if (result.state === 'skipped') addSkip(tally, name, result.note)
    else fail(tally, name, [{ message: 'never ended' }])
  }
}

function fail(tally: Tally, name: string, errors: readonly { message: string }[]): void {
  const [first] = errors
  if (first) tally.failures.push({ name, message: first.message.split('\n')[0] ?? '' })
}
