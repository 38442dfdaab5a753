import { expect, test } from 'vitest'
import type { Operation, PowerResult } from '#app/schema/api.ts'
import { endedAs, markWord, phaseSteps, phaseTime, stepShape } from './phaseSteps.ts'

const at = (second: number) => `2026-11-27T03:00:${String(second).padStart(2, '0')}.000Z`
const running: Operation = {
  op: 'a'.repeat(32),
  verb: 'cycle',
  by: 'operator',
  state: 'running',
  phase: 'stop',
  requested_at: at(0),
  phases: [
    { phase: 'preflight', at: at(1) },
    { phase: 'forensics', at: at(3) },
    { phase: 'stop', at: at(8) },
  ],
}
const ended = (outcome: Operation['outcome']): Operation => ({
  ...running,
  state: 'ended',
  outcome,
  duration_ms: 30_000,
})
const marks = (operation: Operation, elapsedMs = 20_000) =>
  phaseSteps(operation, elapsedMs).map(({ phase, mark, ms }) => [phase, mark, ms])

test('while it runs: what is over, what is now, what lies ahead', () => {
  expect(marks(running)).toEqual([
    ['preflight', 'done', 2_000],
    ['forensics', 'done', 5_000],
    ['stop', 'now', 12_000],
    ['start', 'ahead', null],
  ])
})

test('before the first phase all lies ahead', () => {
  expect(marks({ ...running, phases: [] }).map(([phase, mark]) => `${phase} ${mark}`)).toEqual([
    'preflight ahead',
    'forensics ahead',
    'stop ahead',
    'start ahead',
  ])
})

test('where nobody tells of phases there is no list', () => {
  expect(phaseSteps({ ...running, phases: undefined }, 0)).toEqual([])
})

test('one that was done went the whole way, also where nobody was told of it', () => {
  expect(marks(ended('done')).slice(2)).toEqual([
    ['stop', 'done', null],
    ['start', 'done', null],
  ])
  const phases = [...(running.phases ?? []), { phase: 'start', at: at(20) }]
  expect(marks({ ...ended('done'), phases }).at(-1)).toEqual(['start', 'done', 10_000])
})

test.each(['failed', 'unknown', 'refused'] as const)('one that is %s shows where it ended', (outcome) => {
  const steps = phaseSteps(ended(outcome), 0)
  expect(steps.map(({ mark }) => mark)).toEqual(['done', 'done', 'last', 'ahead'])
  expect(steps.map((step) => stepShape(step, 'crit'))).toEqual(['ok', 'ok', 'crit', 'unknown'])
  expect(steps.map((step) => markWord(step, false))).toEqual(['done', 'done', 'ended here', 'not reached'])
})

test('a record that was read before the end takes the end that is known', () => {
  const end = { outcome: 'done', duration_ms: 12_000 } as PowerResult
  expect(marks(endedAs(running, end))).toEqual([
    ['preflight', 'done', 2_000],
    ['forensics', 'done', 5_000],
    ['stop', 'done', null],
    ['start', 'done', null],
  ])
  expect(endedAs(ended('failed'), end)).toEqual(ended('failed'))
})

test('a phase that is not known stands as it is, and nobody guesses what follows it', () => {
  const steps = phaseSteps({ ...running, phases: [{ phase: 'migrate', at: at(1) }] }, 4_000)
  expect(steps.map(({ word }) => word)).toEqual(['migrate'])
})

test('a clock that runs ahead gives no time below nothing', () => {
  expect(marks({ ...running, phases: [{ phase: 'preflight', at: at(59) }] }, 1_000)[0]).toEqual([
    'preflight',
    'now',
    0,
  ])
})

test.each([
  [0, '< 1 s'],
  [2_000, '2 s'],
  [59_900, '59 s'],
  [131_000, '2 min 11 s'],
])('%i ms of a phase read "%s": it is known in whole seconds', (ms, words) => {
  expect(phaseTime(ms)).toBe(words)
})
