import { expect, test } from 'vitest'
import { createLadder, tierFor } from './ladder.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const now = Date.UTC(2030, 0, 1)

test.each([
  ['2 hours', 2 * hour, 0],
  ['24 hours', day, 1],
  ['7 days', 7 * day, 2],
  ['90 days', 90 * day, 3],
])('the last %s, asked for some seconds ago, are read in the steps that are kept so long', (_, ms, tier) => {
  const ladder = createLadder()
  expect(tierFor(ladder, now - ms, now)).toBe(tier)
  expect(tierFor(ladder, now - ms - 40_000, now)).toBe(tier)
  expect(tierFor(ladder, now - ms - 5 * minute, now)).toBe(Math.min(3, tier + 1))
})
