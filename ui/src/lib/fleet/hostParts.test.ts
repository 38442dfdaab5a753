import { expect, test } from 'vitest'
import { FleetLab } from '#test/fakes/fleetLab.ts'
import { countParts, hostParts } from './hostParts.ts'

const lab = new FleetLab(Date.parse('2026-11-27T02:58:00Z'))
const tmux = (count: number) => Array.from({ length: count }, (_, at) => lab.tmux('a', 'ana', `work ${at}`))
const host = (gpus: number, sessions: number) =>
  lab.host('a', { gpus: Array.from({ length: gpus }, (_, at) => lab.gpu('a', at)), tmux: tmux(sessions) })

test('a card is drawn a GPU or two tmux sessions at a time, and the rest with the last of them', () => {
  const one = host(2, 3)
  expect(countParts(one)).toBe(5)
  expect([1, 2, 3, 4, 5].map((drawn) => hostParts(one, drawn))).toEqual([
    { gpus: 0, tmux: 0, rest: false },
    { gpus: 1, tmux: 0, rest: false },
    { gpus: 2, tmux: 0, rest: false },
    { gpus: 2, tmux: 2, rest: false },
    { gpus: 2, tmux: 4, rest: true },
  ])
})

test('tmux sessions that are folded away take no part', () => {
  expect(countParts(host(0, 40))).toBe(3)
  expect(hostParts(host(0, 0), 1)).toEqual({ gpus: 0, tmux: 0, rest: true })
})

test('what is drawn whole shows all, whatever comes later', () => {
  expect(hostParts(host(9, 40), Infinity)).toEqual({ gpus: 9, tmux: Infinity, rest: true })
})
