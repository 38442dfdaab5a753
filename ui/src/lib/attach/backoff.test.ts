import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'

test('the first repeat comes within half a second, later ones within a quarter of a minute', () => {
  fc.assert(
    fc.property(
      fc.nat(5_000),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, random) => {
        const ms = backoffMs(attempt, random)
        expect(ms).toBeGreaterThanOrEqual(250)
        expect(ms).toBeLessThanOrEqual(attempt === 0 ? 500 : 15_000)
      },
    ),
  )
})

test('clients that fall off together do not come back together', () => {
  expect(backoffMs(6, 0.9) - backoffMs(6, 0.1)).toBeGreaterThan(5_000)
})
