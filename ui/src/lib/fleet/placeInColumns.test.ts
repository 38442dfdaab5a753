import { expect, test } from 'vitest'
import { FleetLab } from '#test/fakes/fleetLab.ts'
import { cardHeight, placeInColumns } from './placeInColumns.ts'

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
