import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { noAlerts, readAlertState, type AlertState } from './AlertState.ts'
import { evaluate, type AlertChange } from './evaluate.ts'
import type { Reading } from './Reading.ts'

const minute = 60_000
const begin = Date.parse('2026-11-20T03:00:00Z')

const reading = (value: number | null, more: Partial<Reading> = {}): Reading => ({
  ...{ rule: 'high_cpu', severity: 'warning', key: '', subject: 'gpu1', host: 'gpu1', value },
  ...{ raise: 90, clear: 80, forReadings: 3, message: `The CPU is at ${value} %.` },
  ...more,
})

/** One scope, polled every 30 s unless told otherwise; each state goes through its stored form. */
function scope() {
  let state: AlertState = noAlerts
  let now = begin
  return {
    get alerts() {
      return state.subjects.flatMap(({ alert }) => alert ?? [])
    },
    get state() {
      return state
    },
    poll(readings: Reading[], { unreadable = [] as string[], afterMs = 30_000 } = {}): AlertChange[] {
      now += afterMs
      const result = evaluate('host:gpu1', state, { readings, unreadable }, now)
      state = readAlertState(JSON.stringify(result.state))
      expect(state).toEqual(result.state)
      return result.changes
    },
    polls(...values: (number | null)[]): string[] {
      return values.flatMap((value) => this.poll([reading(value)]).map(({ kind }) => kind))
    },
  }
}

describe('an alert', () => {
  test('begins with the third wrong reading in a row, and says when, how often and what', () => {
    const host = scope()
    expect(host.polls(95, 95)).toEqual([])
    const [change] = host.poll([reading(97)])
    expect(change).toEqual({
      kind: 'new',
      alert: {
        ...{ id: expect.stringMatching(/^[0-9a-f]{24}$/), type: 'high_cpu', severity: 'warning' },
        ...{ host: 'gpu1', subject: 'gpu1', message: 'The CPU is at 97 %.', count: 1 },
        ...{ created: '2026-11-20T03:01:30.000Z', seen: '2026-11-20T03:01:30.000Z' },
      },
    })
  })

  test('ends with the third right reading in a row', () => {
    const host = scope()
    expect(host.polls(95, 95, 95, 70, 70)).toEqual(['new'])
    expect(host.polls(70)).toEqual(['cleared'])
    expect(host.alerts).toEqual([])
  })

  test.each([
    ['a right reading', 70],
    ['one between the two thresholds', 85],
  ])('is not raised when %s breaks the row', (_what, value) => {
    expect(scope().polls(95, 95, value, 95, 95, value, 95, 95)).toEqual([])
  })

  test('stays between the two thresholds, and a reading there ends the row of right ones', () => {
    expect(scope().polls(95, 95, 95, 70, 70, 85, 70, 70, 85)).toEqual(['new'])
  })

  test('is neither begun nor ended by what is unknown', () => {
    const host = scope()
    expect(host.polls(95, 95, null, null)).toEqual([])
    expect(host.polls(95)).toEqual(['new'])
    expect(host.polls(70, 70, null, null, null)).toEqual([])
    expect(host.polls(70)).toEqual(['cleared'])
  })

  test('counts how often it was found, and has the figure of now, without being told again', () => {
    const host = scope()
    host.polls(95, 95, 95)
    expect(host.polls(96, 85, 99)).toEqual([])
    expect(host.alerts).toMatchObject([
      { count: 3, message: 'The CPU is at 99 %.', seen: '2026-11-20T03:03:00.000Z' },
    ])
  })

  test('is over when its subject is gone', () => {
    const host = scope()
    host.polls(95, 95, 95)
    expect(host.poll([])).toMatchObject([{ kind: 'cleared', alert: { type: 'high_cpu' } }])
  })

  test('stays while its rule cannot be read, and so does what began', () => {
    const host = scope()
    host.polls(95, 95)
    expect(host.poll([], { unreadable: ['high_cpu'] })).toEqual([])
    expect(host.polls(95)).toEqual(['new'])
    expect(host.poll([], { unreadable: ['high_cpu'] })).toEqual([])
    expect(host.alerts).toHaveLength(1)
  })

  test('that begins anew has the same id, and another beginning', () => {
    const host = scope()
    host.polls(95, 95, 95)
    const [first] = host.alerts
    expect(host.polls(70, 70, 70, 95, 95, 95)).toEqual(['cleared', 'new'])
    expect(host.alerts[0]?.id).toBe(first?.id)
    expect(host.alerts[0]?.created).not.toBe(first?.created)
  })

  test('whose severity changes stays the same one and is told, at most once a minute', () => {
    const host = scope()
    host.polls(95, 95, 95)
    const [first] = host.alerts
    expect(host.poll([reading(99, { severity: 'critical' })])).toEqual([])
    expect(host.poll([reading(99, { severity: 'critical' })])).toMatchObject([
      { kind: 'changed', alert: { id: first?.id, severity: 'critical' } },
    ])
    const wobble = ['warning', 'critical', 'warning', 'critical'] as const
    const told = wobble.flatMap((severity) => host.poll([reading(99, { severity })], { afterMs: 10_000 }))
    expect(told).toEqual([])
  })

  test('whose words change is told, not only its figures', () => {
    const host = scope()
    host.polls(95, 95, 95)
    expect(host.poll([reading(99)], { afterMs: 2 * minute })).toEqual([])
    expect(host.poll([reading(99, { message: 'All cores are busy: 99 %.' })])).toMatchObject([
      { kind: 'changed' },
    ])
  })
})

test('a clock that is set back holds nothing up until it is there again', () => {
  const host = scope()
  host.polls(95, 95, 95)
  host.poll([reading(95)], { afterMs: -60 * minute })
  expect(host.poll([reading(99, { severity: 'critical' })])).toMatchObject([{ kind: 'changed' }])
})

describe('what comes and goes', () => {
  const once = [95, 95, 95, 70, 70, 70]

  test('stays the fourth time, says so, and ends once it was right for ten minutes', () => {
    const host = scope()
    host.polls(...once, ...once, ...once)
    expect(host.polls(95, 95, 95)).toEqual(['new'])
    expect(host.alerts[0]?.message).toContain('It comes and goes')
    expect(host.polls(...Array<number>(20).fill(70))).toEqual([])
    expect(host.polls(70)).toEqual(['cleared'])
  })

  test('is a mere third time, or slow enough, and ends as ever', () => {
    const host = scope()
    host.polls(...once, ...once)
    expect(host.polls(...once)).toEqual(['new', 'cleared'])
    const slow = scope()
    for (let i = 0; i < 6; i++) {
      expect(slow.polls(...once)).toEqual(['new', 'cleared'])
      slow.poll([reading(70)], { afterMs: 12 * minute })
    }
  })

  test('while it stays, every wrong reading begins its ten minutes anew', () => {
    const host = scope()
    host.polls(...once, ...once, ...once, 95, 95, 95)
    expect(host.polls(...Array<number>(19).fill(70), 95, ...Array<number>(20).fill(70))).toEqual([])
    expect(host.polls(70)).toEqual(['cleared'])
  })
})

test('what is right leaves nothing to be kept', () => {
  const host = scope()
  for (let i = 0; i < 10; i++) host.poll([reading(10), reading(20, { rule: 'high_memory' })])
  expect(host.state).toEqual(noAlerts)
})

test('a stored state that cannot be read counts as none', () => {
  for (const text of ['', '{', '{"version":9}', 'null']) expect(readAlertState(text)).toEqual(noAlerts)
})

describe('for any readings', () => {
  const value = fc.option(fc.constantFrom(0, 70, 79, 80, 85, 89, 90, 95, 100), { freq: 6 })
  const one = fc.record({
    ...{ rule: fc.constantFrom('high_cpu', 'gpu_temp'), key: fc.constantFrom('', 'GPU-1', 'GPU-2') },
    ...{ severity: fc.constantFrom('warning' as const, 'critical' as const), value },
  })
  const observation = fc.record({
    readings: fc.array(one, { maxLength: 6 }),
    unreadable: fc.subarray(['high_cpu', 'gpu_temp']),
    afterMs: fc.constantFrom(5_000, 30_000, 5 * minute),
  })
  const polls = fc.array(observation, { maxLength: 60 })

  test('there is never more than one alert for a subject, and new and cleared take turns', () => {
    fc.assert(
      fc.property(polls, fc.integer({ min: 1, max: 4 }), (all, forReadings) => {
        const host = scope()
        const raised = new Map<string, string>()
        for (const { readings, ...rest } of all) {
          const changes = host.poll(
            readings.map((each) => reading(each.value, { ...each, subject: each.key, forReadings })),
            rest,
          )
          for (const { kind, alert } of changes) {
            const subject = `${alert.type} ${alert.subject}`
            expect(raised.get(subject)).toBe(kind === 'new' ? undefined : alert.id)
            if (kind === 'cleared') raised.delete(subject)
            else raised.set(subject, alert.id)
          }
          expect(new Set(host.alerts.map(({ id }) => id))).toEqual(new Set(raised.values()))
          expect(host.alerts).toHaveLength(raised.size)
        }
      }),
    )
  })

  test('it begins only after so many wrong readings in a row, and ends only after so many right ones', () => {
    const values = fc.array(value, { maxLength: 80 })
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 4 }), (all, forReadings) => {
        const host = scope()
        const known: number[] = []
        for (const each of all) {
          if (each !== null) known.push(each)
          const last = known.slice(-forReadings)
          for (const { kind } of host.poll([reading(each, { forReadings })])) {
            expect(last).toHaveLength(forReadings)
            if (kind === 'new') expect(Math.min(...last)).toBeGreaterThanOrEqual(90)
            if (kind === 'cleared') expect(Math.max(...last)).toBeLessThan(80)
            known.length = 0
          }
        }
      }),
    )
  })
})
