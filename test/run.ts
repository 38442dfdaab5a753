import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installPackages } from './run/packages.ts'
import { runCommand } from './run/runCommand.ts'
import { steps, type Step } from './run/steps.ts'
import { describeTally, emptyTally, sumTallies, type Tally } from './run/Tally.ts'

const root = join(import.meta.dirname, '..')

/** Runs one step. A step that crashes, hangs or leaves no tally is a failure. */
async function runStep(step: Step, tallyFile: string): Promise<Tally> {
  let failure: string | null = null
  for (const { command, cwd = '.' } of step.commands) {
    const options = { cwd: join(root, cwd), limitS: step.limitS, env: { TALLY_FILE: tallyFile } }
    failure = await runCommand(command, options)
    if (failure !== null) break
  }
  if (!step.tallies) return failure === null ? { ...emptyTally(), passed: 1 } : failed(step.name, failure)
  const tally = readTally(tallyFile)
  if (tally === null) return failed(step.name, failure ?? 'wrote no tally')
  if (failure !== null && tally.failures.length === 0) return sumTallies([tally, failed(step.name, failure)])
  return tally
}

function failed(name: string, message: string): Tally {
  return { ...emptyTally(), failures: [{ name, message }] }
}

function readTally(file: string): Tally | null {
  try {
    // Written by our own reporters.
    return JSON.parse(readFileSync(file, 'utf8')) as Tally
  } catch {
    return null
  }
}

async function runAll(names: string[]): Promise<Tally> {
  const unknown = names.filter((name) => !steps.some((step) => step.name === name))
  if (unknown.length > 0)
    return failed(unknown.join(', '), `no such step; there are ${steps.map((step) => step.name).join(', ')}`)
  const chosen = steps.filter((step) => names.length === 0 || names.includes(step.name))
  const lacking = chosen.some((step) => step.needsPackages) ? installPackages() : null
  if (lacking !== null) return failed('packages', lacking)

  const folder = mkdtempSync(join(tmpdir(), 'breakglass-test-'))
  const tallies: Tally[] = []
  for (const step of chosen) {
    console.log(`\n── ${step.name}`)
    const start = performance.now()
    const tally = await runStep(step, join(folder, `${step.name}.json`))
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.log(`── ${step.name}: ${tally.failures.length === 0 ? 'ok' : 'FAILED'} after ${seconds} s`)
    tallies.push(tally)
  }
  rmSync(folder, { recursive: true })
  return sumTallies(tallies)
}

const tally = await runAll(process.argv.slice(2))
console.log(describeTally(tally))
process.exitCode = tally.failures.length === 0 ? 0 : 1
