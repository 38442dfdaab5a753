import { expect, test } from 'vitest'
import { age, ago, clock, duration } from './duration.ts'
import { utcTime } from './time.ts'

test.each([
  [0, '0.0 s'],
  [2_140, '2.1 s'],
  [9_960, '10 s'],
  [59_400, '59 s'],
  [60_000, '1 min'],
  [185_000, '3 min 5 s'],
  [7_440_000, '2 h 4 min'],
])('%i ms is %s', (ms, words) => {
  expect(duration(ms)).toBe(words)
})

test.each([
  [-5_000, '0 s', 'now'],
  [900, '0 s', 'now'],
  [2_000, '2 s', '2 s ago'],
  [125_000, '2 min', '2 min ago'],
  [7_200_000, '2 h', '2 h ago'],
  [200_000_000, '2 d', '2 d ago'],
])('an age of %i ms', (ms, short, long) => {
  expect(age(ms)).toBe(short)
  expect(ago(ms)).toBe(long)
})

test('a running clock', () => {
  expect([19_000, 61_000, 3_723_000].map(clock)).toEqual(['00:19', '01:01', '1:02:03'])
})

test('UTC is told as such', () => {
  expect(utcTime(new Date(Date.UTC(2026, 10, 20, 2, 51, 7)))).toBe('2026-11-20 02:51:07 UTC')
})
