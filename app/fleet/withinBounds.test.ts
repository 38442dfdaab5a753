import { expect, test } from 'vitest'
import { fleetHost, tmuxSession } from '../../test/fakes/fleetApiKit.ts'
import { withinBounds } from './withinBounds.ts'

const sessions = (many: number) =>
  Array.from({ length: many }, (_, at) => tmuxSession({ id: `gpu1:1000:42.${at}.1`, name: `s${at}` }))

test('a host of any usual size is told as it is', () => {
  const host = fleetHost({ tmux: sessions(200) })
  expect(withinBounds(host)).toBe(host)
})

test('of very many tmux sessions those that matter most stay, in their order, and the others are counted', () => {
  const tmux = sessions(600)
  const change = (at: number, more: object) => (tmux[at] = { ...tmux[at], ...more } as (typeof tmux)[number])
  change(599, { attached: true })
  change(598, { gpu_memory_mb: 80_000 })
  change(597, { last_activity: '2027-01-01T00:00:00.000Z' })
  const told = withinBounds(fleetHost({ tmux }))
  expect(told.tmux).toHaveLength(200)
  expect(told.tmux_more).toBe(400)
  expect(told.tmux.slice(-3).map(({ name }) => name)).toEqual(['s597', 's598', 's599'])
})
