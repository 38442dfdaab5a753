import { expect, test } from 'vitest'
import { FleetLab } from '#test/fakes/fleetLab.ts'
import { readWords } from './readWords.ts'

const now = Date.parse('2026-11-27T02:58:00Z')
const lab = new FleetLab(now)
const read = (...ages: number[]) => ages.map((ms) => lab.host(`h${ms}`, { polled_at: lab.ago(ms) }))

test('when the hosts were read that answer', () => {
  expect(readWords(read(4_000), now)).toBe('Read 4s ago')
  expect(readWords(read(38_000, 4_000, 12_000), now)).toBe('Read 4s to 38s ago')
  const away = lab.host('away', { status: 'offline', polled_at: lab.ago(7_200_000) })
  expect(readWords([...read(4_000), away], now)).toBe('Read 4s ago')
  expect(readWords([away, lab.host('new', { polled_at: null })], now)).toBeNull()
})
