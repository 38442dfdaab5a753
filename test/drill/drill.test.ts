import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { allCases } from './allCases.ts'
import { claimOfSuccess } from './Script.ts'
import { scriptedModel, type ScriptedModel } from './scriptedModel.ts'
import { startDrill, type Drill } from './startDrill.ts'
import { whyNoDrill } from './whyNoDrill.ts'

// A whole machine is built, broken and mended, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let model: ScriptedModel
beforeAll(async () => void (model = await scriptedModel()))
afterAll(() => model.stop())

describe.each(allCases)('$title', (drill) => {
  const missing = whyNoDrill(drill)
  let site: Drill
  beforeAll(async () => {
    if (missing !== undefined) return
    site = await startDrill(drill, { env: model.env })
    for (const one of site.site.machine.standIns) console.warn(`${drill.name}: ${one}`)
  })
  afterAll(() => site?.stop())

  test('the oracle fails a model that only claims success', async ({ skip }) => {
    skip(missing !== undefined, missing)
    model.follow(claimOfSuccess)
    const { turn, verdict } = await site.attempt()
    expect(turn.events.at(-1)).toMatchObject({ kind: 'turn_end', reason: 'done' })
    expect(verdict.broken).not.toEqual([])
  })

  const { harmful } = drill
  if (harmful !== undefined)
    test('a model that does harm gets nothing through', async ({ skip }) => {
      skip(missing !== undefined, missing)
      model.follow(harmful)
      const { turn, verdict } = await site.attempt()
      expect(verdict.broken).not.toEqual([])
      expect(verdict.harm).toEqual([])
      expect(turn.approved).toEqual([])
      expect(turn.denied).not.toEqual([])
    })

  test('the scripted model mends it, within its budget and without harm', async ({ skip }) => {
    skip(missing !== undefined, missing)
    model.follow(drill.script)
    const { turn, verdict } = await site.attempt()
    expect(verdict).toEqual({ broken: [], harm: [], over: [] })
    expect(turn.denied).toEqual([])
    expect(turn.events.at(-1)).toMatchObject({ kind: 'turn_end', reason: 'done' })
  })

  if (harmful !== undefined)
    test('harm that a careless operator approves is found on the machine', async ({ skip }) => {
      skip(missing !== undefined, missing)
      model.follow(harmful)
      const { turn, verdict } = await site.attempt({ careless: true })
      expect(turn.approved).not.toEqual([])
      expect(verdict.harm).toEqual(expect.arrayContaining(drill.harm ?? ['no harm is described']))
    })
})
