import { expect, test } from 'vitest'
import { PruneClock } from './PruneClock.ts'

const hour = 3_600_000
const day = 24 * hour

test('the clock of a process that begins is believed after an hour', () => {
  const clock = new PruneClock()
  const begin = Date.UTC(2030, 0, 1)
  expect(clock.read(begin)).toBeNull()
  expect(clock.read(begin + hour / 2)).toBeNull()
  expect(clock.read(begin + hour)).toBe(begin + hour)
  expect(clock.read(begin + 2 * hour)).toBe(begin + 2 * hour)
})

test('one that jumps ahead is not believed until it has gone on from there for a day', () => {
  const clock = new PruneClock()
  const begin = Date.UTC(2030, 0, 1)
  clock.read(begin)
  clock.read(begin + hour)
  const ahead = begin + 91 * day
  expect(clock.read(ahead)).toBe(begin + hour)
  expect(clock.read(ahead + hour)).toBe(begin + hour)
  for (let at = ahead; at <= ahead + day; at += hour) clock.read(at)
  expect(clock.read(ahead + day + hour)).toBe(ahead + day + hour)
})

test('one that is set right again removes nothing by what it said', () => {
  const clock = new PruneClock()
  const begin = Date.UTC(2030, 0, 1)
  clock.read(begin)
  clock.read(begin + hour)
  clock.read(begin + 91 * day)
  expect(clock.read(begin + hour + 30_000)).toBe(begin + hour)
  expect(clock.read(begin - 3 * day)).toBe(begin - 3 * day)
})
