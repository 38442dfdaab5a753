import { expect, test } from 'vitest'
import { levelOf } from './figures.ts'
import { extentOf, height, sparkLine, width } from './sparkLine.ts'

const level = (value: number) => levelOf(value, 80, 90)

test('a line goes from edge to edge, 0 below and the top above', () => {
  expect(sparkLine([0, 50], 50, level)).toEqual([{ level: 'calm', d: `M0 ${height - 2}h0L${width} 2` }])
})

test('where nothing is known the line is interrupted, and a point alone is a dot', () => {
  const parts = sparkLine([1, null, 1, null, 1, 1], 2, level)
  expect(parts.map(({ d }) => d.split('L').length)).toEqual([1, 1, 2])
  expect(parts[1]?.d).toMatch(/^M120 18h0$/)
})

test('what is wrong is a stretch of its own, which begins where the one before ends', () => {
  const parts = sparkLine([70, 85, 95, 95, 70], 100, level)
  expect(parts.map((part) => part.level)).toEqual(['calm', 'warn', 'crit', 'calm'])
  const end = parts[1]?.d.split('L').at(-1)
  expect(parts[2]?.d.startsWith(`M${end}L`)).toBe(true)
})

test('a value above the top stays in the box', () => {
  expect(sparkLine([200], 100, level)[0]?.d).toBe('M0 2h0')
})

test.each([
  [[], null],
  [[null, null], null],
  [[3, null, 7], { min: 3, max: 7, last: 7 }],
  [[3, 7, null], { min: 3, max: 7, last: 7 }],
  [[3, null, null], { min: 3, max: 3, last: null }],
])('the extent of %j', (values, extent) => {
  expect(extentOf(values, values, values)).toEqual(extent)
})
