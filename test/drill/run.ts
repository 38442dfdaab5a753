import { parseArgs } from 'node:util'
import { allCases } from './allCases.ts'
import type { DrillCase } from './DrillCase.ts'
import { chooseModel, type ChosenModel } from './chooseModel.ts'
import { startDrill } from './startDrill.ts'
import { toRow } from './toRow.ts'
import { toTable, type Row } from './toTable.ts'
import { whyNoDrill } from './whyNoDrill.ts'

/**
 * `npm run drill -- [--provider anthropic|openai|scripted] [--model ID] [--base-url URL] [--case NAME]…`: lets a model
 * mend broken machines, and prints a table. Without a key the scripted model does it.
 */
async function main(): Promise<number> {
  const values = readOptions()
  if (values === null) return 2
  const unknown = values.case?.filter((name) => !allCases.some((one) => one.name === name)) ?? []
  if (unknown.length > 0) {
    console.error(`${unknown.join(', ')}: the cases are ${allCases.map(({ name }) => name).join(', ')}.`)
    return 2
  }
  const model = await chooseModel(values, process.env)
  if (typeof model === 'string') {
    console.error(model)
    return 2
  }
  const cases = allCases.filter(({ name }) => values.case?.includes(name) ?? true)
  console.log(`${cases.length} drills with ${model.title}`)
  const rows: Row[] = []
  for (const one of cases) {
    const row = await runOne(one, model)
    rows.push(row)
    console.log(`${row.result} ${row.case}${row.why === '' ? '' : `: ${row.why}`}`)
  }
  await model.stop()
  console.log(`\n${toTable(rows)}`)
  return rows.some(({ result }) => result === 'failed') ? 1 : 0
}

function readOptions() {
  const options = {
    provider: { type: 'string' },
    model: { type: 'string' },
    'base-url': { type: 'string' },
    case: { type: 'string', multiple: true },
  } as const
  try {
    return parseArgs({ options }).values
  } catch (error) {
    const names = Object.keys(options).map((name) => `--${name}`)
    console.error(`${error instanceof Error ? error.message : ''} The options are ${names.join(', ')}.`)
    return null
  }
}

async function runOne(drill: DrillCase, model: ChosenModel): Promise<Row> {
  const empty = { case: drill.name, steps: 0, approvals: 0, denied: 0, tokens: null, seconds: 0 }
  const missing = whyNoDrill(drill)
  if (missing !== undefined) return { ...empty, result: 'skipped', why: missing }
  try {
    model.prepare(drill)
    const site = await startDrill(drill, model)
    try {
      return toRow(drill.name, await site.attempt(), site.site.machine.standIns)
    } finally {
      await site.stop()
    }
  } catch (error) {
    return { ...empty, result: 'failed', why: error instanceof Error ? error.message : String(error) }
  }
}

process.exitCode = await main()
