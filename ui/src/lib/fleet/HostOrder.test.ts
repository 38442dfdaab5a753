import { expect, test } from 'vitest'
import { FleetLab } from '#test/fakes/fleetLab.ts'
import { HostOrder } from './HostOrder.ts'
import { KeptOrder } from './KeptOrder.ts'
import { rankHost, type RankedHost } from './orderHosts.ts'

const now = Date.parse('2026-11-27T02:58:00Z')
const lab = new FleetLab(now)
const some = (...names: string[]) => names.map((name) => rankHost(lab.host(name), [], [], now))
const namesOf = (hosts: RankedHost[]) => hosts.map(({ host }) => host.name).join('')

test('while it may not change, all stay where they are, and what is new comes last', () => {
  const order = new HostOrder()
  expect(namesOf(order.arrange(some('a', 'b', 'c'), '', false))).toBe('abc')
  expect(namesOf(order.arrange(some('c', 'd', 'a'), '', false))).toBe('acd')
  expect(namesOf(order.arrange(some('c', 'd', 'a'), '', true))).toBe('cda')
})

test('another question is answered in its own order at once', () => {
  const order = new HostOrder()
  order.arrange(some('a', 'b'), '', false)
  expect(namesOf(order.arrange(some('b', 'a'), '?sort=name', false))).toBe('ba')
})

test('a card that grows stays in its column until cards may move', () => {
  const order = new HostOrder()
  const heights: Record<string, number> = { a: 5, b: 1, c: 1, d: 1 }
  const draw = (free: boolean, ...names: string[]) =>
    order
      .place(order.arrange(some(...names), '', free), 2, ({ host }) => heights[host.name] ?? 1)
      .map(namesOf)
  expect(draw(true, 'a', 'b', 'c')).toEqual(['a', 'bc'])
  heights.b = 20
  expect(draw(false, 'a', 'b', 'c', 'd')).toEqual(['ad', 'bc'])
  expect(draw(true, 'a', 'b', 'c', 'd')).toEqual(['acd', 'b'])
})

test('with more columns all are placed anew', () => {
  const order = new HostOrder()
  const hosts = order.arrange(some('a', 'b', 'c'), '', false)
  expect(order.place(hosts, 1, () => 1).map(namesOf)).toEqual(['abc'])
  expect(order.place(hosts, 3, () => 1).map(namesOf)).toEqual(['a', 'b', 'c'])
})

test('a tmux session that takes more memory does not move under a finger', () => {
  const order = new KeptOrder()
  const tmux = (id: string, held: number) => ({ id, held })
  const draw = (...list: ReturnType<typeof tmux>[]) => order.arrange(list, ({ id }) => id, '', false)
  draw(tmux('a', 2), tmux('b', 1))
  expect(draw(tmux('b', 3), tmux('a', 2))).toEqual([tmux('a', 2), tmux('b', 3)])
})
