import { expect, test } from 'vitest'
import { mayMove } from './orderHosts.ts'

test.each([
  ['at the top, at rest', 0, 4_000, false, true],
  ['at the top, just touched', 0, 3_000, false, false],
  ['while somebody reads further down', 900, 10_000, false, false],
  ['when nobody has touched it for long', 900, 30_000, false, true],
  ['at the top, with something open', 0, 30_000, true, false],
  ['with something open, and nobody there', 0, 600_000, true, true],
])('cards may change places %s', (_, scrolledPx, idle, held, may) => {
  expect(mayMove({ touchedAt: 1_000, scrolledPx, held }, 1_000 + idle)).toBe(may)
})
