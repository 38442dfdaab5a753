import { expect, test } from 'vitest'
import {
  counted,
  degrees,
  levelOf,
  memory,
  memoryAtLeast,
  memoryOf,
  percent,
  share,
  shortAge,
  wattsOf,
  type Level,
} from './figures.ts'

test.each([
  [null, '—'],
  [0, '0 MB'],
  [812, '812 MB'],
  [999.4, '999 MB'],
  [22_426, '21.9 GB'],
  [102_399, '100 GB'],
  [185_344, '181 GB'],
])('%s MB are %s', (mb, words) => {
  expect(memory(mb)).toBe(words)
})

test.each([
  [null, null, '—'],
  [null, 24_576, '— / 24.0 GB'],
  [22_426, null, '21.9 / — GB'],
  [0, 24_576, '0.0 / 24.0 GB'],
])('%s of %s MB', (used, total, words) => {
  expect(memoryOf(used, total)).toBe(words)
})

test.each([
  [null, null, '—'],
  [414.2, 450, '414 / 450 W'],
  [140, null, '140 / — W'],
])('%s of %s W', (draw, limit, words) => {
  expect(wattsOf(draw, limit)).toBe(words)
})

test.each([
  [null, '—'],
  [0, '0 %'],
  [0.42, '0.4 %'],
  [0.97, '1 %'],
  [38.4, '38 %'],
])('%s percent', (value, words) => {
  expect(percent(value)).toBe(words)
})

test('a sum in which something is missing', () => {
  expect([memoryAtLeast(2_048, false), memoryAtLeast(2_048, true), memoryAtLeast(0, true)]).toEqual([
    '2.0 GB',
    'at least 2.0 GB',
    '—',
  ])
})

test('a temperature', () => {
  expect([null, 83.6].map(degrees)).toEqual(['—', '84 °C'])
})

test.each([
  [null, 100, null],
  [50, null, null],
  [50, 0, null],
  [0, 100, 0],
  [25, 100, 25],
  [130, 100, 100],
])('%s of %s fills', (part, whole, filled) => {
  expect(share(part, whole)).toBe(filled)
})

test.each([
  [-3_000, '0s'],
  [59_900, '59s'],
  [60_000, '1m'],
  [3_599_000, '59m'],
  [3 * 3_600_000, '3h'],
  [86_399_000, '23h'],
  [86_400_000, '1d'],
  [200_000_000, '2d'],
])('%i ms ago reads %s', (ms, words) => {
  expect(shortAge(ms)).toBe(words)
})

test.each<[number | null, Level]>([
  [null, 'calm'],
  [79.9, 'calm'],
  [80, 'warn'],
  [90, 'crit'],
])('%s °C is %s', (value, level) => {
  expect(levelOf(value, 80, 90)).toBe(level)
})

test('one and many', () => {
  expect([0, 1, 2].map((n) => counted(n, 'process', 'processes'))).toEqual([
    '0 processes',
    '1 process',
    '2 processes',
  ])
})
