import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isoTime } from './isoTime.ts'

it('is what Date says', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => {
      expect(isoTime(ms)).toBe(new Date(ms).toISOString())
    }),
    { numRuns: 2000, examples: [[0], [951_782_400_000], [951_868_799_999], [1_709_164_800_000]] },
  )
})

it('ends at the ends of the calendar', () => {
  expect(isoTime(-1)).toBe('1970-01-01T00:00:00.000Z')
  expect(isoTime(1e18)).toBe('9999-12-31T23:59:59.999Z')
})
