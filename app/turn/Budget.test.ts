import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { AbsentEventLog } from '#app/eventlog/AbsentEventLog.ts'
import type { EventLog } from '#app/eventlog/EventLog.ts'
import { SqliteEventLog } from '#app/eventlog/SqliteEventLog.ts'
import type { BudgetConfig } from '#app/schema/config.ts'
import { createBudget } from './Budget.ts'
import type { Usage } from './runStep.ts'

let folder: string
let log: SqliteEventLog
let clock: string
let limits: BudgetConfig | undefined
let lines: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'breakglass-budget-'))
  log = new SqliteEventLog(folder)
  clock = '2026-11-20T03:00:00.000Z'
  limits = { day_cost: 10, warn_percent: 80 }
  lines = []
})
afterEach(async () => {
  vi.useRealTimers()
  await log.close()
  rmSync(folder, { recursive: true })
})

const logger = pino({}, { write: (line) => void lines.push(line) })
const replica = (on: EventLog = log) =>
  createBudget({ log: on, limits: () => limits, logger, now: () => new Date(clock) })
const used = (cost?: number, tokens = 100): Usage => ({
  ...{ provider: 'claude', model: 'claude-1', input_tokens: tokens, output_tokens: 0, cached_tokens: 0 },
  ...(cost !== undefined && { cost }),
})
const nothing = { input_tokens: 0, output_tokens: 0, cached_tokens: 0, cost: null }
const head = async () => (await log.head(`spend:${clock.slice(0, 10)}`)).seq

/** The log while `isAway` holds: every call rejects. */
function awayLog(isAway: () => boolean): EventLog {
  const absent = new AbsentEventLog('The log does not answer.')
  return new Proxy<EventLog>(log, {
    get: (_target, name: keyof EventLog) => {
      const source = isAway() ? absent : log
      // Each has all methods of the interface.
      return (source[name] as (...args: unknown[]) => unknown).bind(source)
    },
  })
}

test('without limits nothing is said, and the log is not asked', async () => {
  limits = undefined
  expect(await replica(new AbsentEventLog('away')).check(nothing)).toEqual({ state: 'ok' })
  expect(lines).toEqual([])
})

const session = { input_tokens: 500, output_tokens: 250, cached_tokens: 100, cost: 8.5 }
test.each<[limit: Omit<BudgetConfig, 'warn_percent'>, state: string, text: string | undefined]>([
  [{ session_cost: 20 }, 'ok', undefined],
  [
    { session_cost: 10 },
    'warn',
    'At least 85 % of the budget of this session is spent, of 10 (budget.session_cost).',
  ],
  [
    { session_cost: 8.5 },
    'spent',
    'The budget of this session is spent: 8.5 of 8.5 (budget.session_cost). The runbook goes on.',
  ],
  [
    { session_tokens: 1000 },
    'warn',
    'At least 85 % of the budget of this session is spent, of 1,000 tokens (budget.session_tokens).',
  ],
  [
    { session_cost: 10, session_tokens: 850 },
    'spent',
    'The budget of this session is spent: 850 of 850 tokens (budget.session_tokens). The runbook goes on.',
  ],
])('a session with %j is judged by its own usage: %s', async (limit, state, text) => {
  limits = { ...limit, warn_percent: 80 }
  expect(await replica().check(session)).toEqual({ state, ...(text !== undefined && { text }) })
})

test('a day’s limit counts what all replicas used, and begins anew at midnight UTC', async () => {
  const [one, two] = [replica(), replica()]
  await one.add(used(4))
  await two.add(used(4.5))
  const text = 'At least 85 % of the budget of today is spent, of 10 (budget.day_cost).'
  expect(await one.check(nothing)).toEqual({ state: 'warn', text })
  expect(await replica().check(nothing)).toEqual({ state: 'warn', text })
  await one.add(used(2))
  expect(await two.check(nothing)).toMatchObject({ state: 'spent' })
  clock = '2026-11-21T00:00:00.000Z'
  expect(await two.check(nothing)).toEqual({ state: 'ok' })
})

test('many at once lose nothing, each use is stored once', async () => {
  const replicas = [replica(), replica(), replica()]
  await Promise.all(replicas.flatMap((one) => Array.from({ length: 20 }, () => one.add(used(0.125)))))
  for (const one of replicas) await one.check(nothing)
  expect(await head()).toBe(60)
  limits = { day_cost: 7.5, day_tokens: 6001, warn_percent: 80 }
  expect(await replica().check(nothing)).toMatchObject({
    state: 'spent',
    text: expect.stringContaining('7.5 of 7.5') as unknown,
  })
})

test('a limit that is set at noon counts the morning', async () => {
  limits = undefined
  const budget = replica()
  await budget.add(used(9))
  limits = { day_cost: 9, warn_percent: 80 }
  expect(await budget.check(nothing)).toMatchObject({ state: 'spent' })
})

test('while the log is away this process counts by itself, and stores it later, once', async () => {
  let away = true
  const budget = replica(awayLog(() => away))
  await budget.add(used(9))
  await budget.add(used(0.5))
  expect(await budget.check(nothing)).toMatchObject({ state: 'warn' })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain('counted in memory')

  away = false
  clock = '2026-11-20T03:00:10.000Z'
  expect(await budget.check(nothing)).toMatchObject({ state: 'warn' })
  expect(await head()).toBe(2)
  expect(await replica().check(nothing)).toMatchObject({ state: 'warn' })
})

test('what was stored although the answer was lost is stored once', async () => {
  let lost = true
  const budget = replica(
    new Proxy<EventLog>(log, {
      get: (_target, name: keyof EventLog) => {
        if (name !== 'append' || !lost) return (log[name] as (...args: unknown[]) => unknown).bind(log)
        return async (...args: Parameters<EventLog['append']>) => {
          await log.append(...args)
          lost = false
          throw new Error('the answer was lost')
        }
      },
    }),
  )
  await budget.add(used(5))
  clock = '2026-11-20T03:00:10.000Z'
  expect(await budget.check(nothing)).toEqual({ state: 'ok' })
  expect(await head()).toBe(1)
})

test('a log that does not answer holds a step up for half a second at most', async () => {
  vi.useFakeTimers()
  const never = new Promise<never>(() => undefined)
  const budget = replica(new Proxy<EventLog>(log, { get: () => () => never }))
  const checked = budget.check(nothing)
  await vi.advanceTimersByTimeAsync(500)
  expect(await checked).toEqual({ state: 'ok' })
})

test('a stream that the log lost is read anew', async () => {
  const budget = replica()
  await budget.add(used(9.5))
  await log.remove('spend:2026-11-20')
  expect(await budget.check(nothing)).toEqual({ state: 'ok' })
  await budget.add(used(9))
  expect(await replica().check(nothing)).toMatchObject({ state: 'warn' })
})

test('from the first warning to the end a session is warned in few sentences, however many steps it takes', async () => {
  limits = { session_cost: 10, warn_percent: 82 }
  const budget = replica()
  const told = new Set<string>()
  for (let cost = 8; cost < 10; cost += 0.01) {
    const budgeted = await budget.check({ ...session, cost })
    if (budgeted.state !== 'ok') told.add(budgeted.text)
  }
  expect([...told].map((text) => /\d+ %/.exec(text)?.[0])).toEqual(['82 %', '85 %', '90 %', '95 %'])
})

test('a model without a price is told of in every session, where a cost is limited', async () => {
  const budget = replica()
  limits = { day_tokens: 1000, warn_percent: 80 }
  await budget.add(used())
  expect(await budget.check(nothing)).toEqual({ state: 'ok' })
  limits = { session_cost: 1, warn_percent: 80 }
  const text = 'What claude-1 costs is not known (no price): the limits of cost do not count it.'
  expect(await budget.check(nothing)).toEqual({ state: 'warn', text })
  expect(await budget.check({ ...session, cost: 0.5 })).toEqual({ state: 'warn', text })
})

test('days older than 40 days are forgotten', async () => {
  for (const day of ['2026-10-10', '2026-10-11', '2026-11-19'])
    await log.append(`spend:${day}`, { epoch: '', seq: 0 }, [{ kind: 'spend' }])
  await log.append('session:1', { epoch: '', seq: 0 }, [{ kind: 'user' }])
  await replica().add(used(1))
  const left = (await log.streams('spend:', 10)).map(({ stream }) => stream)
  expect(left.sort()).toEqual(['spend:2026-10-11', 'spend:2026-11-19', 'spend:2026-11-20'])
  expect((await log.head('session:1')).seq).toBe(1)
})
