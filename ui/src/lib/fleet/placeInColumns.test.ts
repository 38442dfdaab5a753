import { expect, test } from 'vitest'
import { FleetLab } from '#test/fakes/fleetLab.ts'
import { cardHeight, placeInColumns } from './placeInColumns.ts'
import { fitting } from './storedFleet.ts'

const lab = new FleetLab(Date.parse('2026-11-27T02:58:00Z'))

test('each goes where there is most room, and one column keeps the order', () => {
  const heights = [5, 1, 1, 1, 4]
  expect(placeInColumns(heights, 2, (height) => height)).toEqual([[5], [1, 1, 1, 4]])
  expect(placeInColumns(heights, 1, (height) => height)).toEqual([heights])
})

test('more on a card makes it higher', () => {
  const [small, large] = [lab.host('a'), lab.host('b', { gpus: [lab.gpu('b', 0)] })]
  expect(cardHeight(large, false)).toBeGreaterThan(cardHeight(small, false))
  expect(cardHeight(large, true)).toBeLessThan(cardHeight(small, false))
})

test.each([
  ['at the top, at rest', 0, 4_000, true],
  ['at the top, just touched', 0, 3_000, false],
  ['while somebody reads further down', 900, 10_000, false],
  ['when nobody has touched it for long', 900, 30_000, true],
])('cards may change places %s', (_, scrolled, idle, may) => {
  expect(mayMove(1_000, scrolled, 1_000 + idle)).toBe(may)
})

test('what is remembered is bounded, has no commands and says how much there was', () => {
  const hosts = lab.hosts()
  const whole = fitting(hosts, 500_000)
  expect([whole.hosts.length, whole.total]).toEqual([hosts.length, hosts.length])
  expect(JSON.stringify(whole)).not.toContain('--lr 2e-5')
  const part = fitting(lab.manyHosts(), 50_000)
  expect(JSON.stringify(part.hosts).length).toBeLessThan(51_000)
  expect(part.hosts.length).toBeGreaterThan(10)
  expect(part.total).toBe(200)
})
