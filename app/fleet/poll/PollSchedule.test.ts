import { expect, test } from 'vitest'
import { firstDelay, pollInterval, withJitter } from './PollSchedule.ts'

const usual = { intervalMs: 30_000, watchedIntervalMs: 5_000, watched: false, failures: 0 }

test.each([
  ['at its interval', {}, 30_000],
  ['more often while somebody looks', { watched: true }, 5_000],
  ['never less often because somebody looks', { watched: true, watchedIntervalMs: 60_000 }, 30_000],
  ['after one failure as usual', { failures: 1 }, 30_000],
  ['after two half as often', { failures: 2 }, 60_000],
  ['from the third on every two minutes', { failures: 3 }, 120_000],
  ['and no less often, however long it is away', { failures: 1000 }, 120_000],
  ['or at its interval, where that is longer', { failures: 5, intervalMs: 600_000 }, 600_000],
  ['every 5 s while somebody looks at one that fails', { failures: 9, watched: true }, 5_000],
  ['and not more often', { failures: 9, watched: true, watchedIntervalMs: 2_000 }, 5_000],
])('a host is polled %s', (_, pace, expected) => {
  expect(pollInterval({ ...usual, ...pace })).toBe(expected)
})

test('jitter is ten per cent both ways', () => {
  expect([0, 0.5, 1].map((random) => Math.round(withJitter(30_000, random)))).toEqual([
    27_000, 30_000, 33_000,
  ])
})

test('a few hosts begin at once, a thousand within ten seconds', () => {
  expect([0, 5, 19].map(firstDelay)).toEqual([0, 0, 0])
  expect(firstDelay(200)).toBeLessThan(2_000)
  expect(firstDelay(999)).toBeLessThan(10_000)
})
