import { expect, test } from 'vitest'
import type { Observation } from '#app/alert/Reading.ts'
import type { BoardEvent } from '#app/eventlog/Board.ts'
import { fleetHost } from '../../test/fakes/fleetApiKit.ts'
import { emptyMemory } from './emptyMemory.ts'
import { defaultThresholds, type FleetHost } from './FleetHost.ts'
import type { HostMemory } from './HostMemory.ts'
import { tellPoll } from './tellPoll.ts'

const host: FleetHost = {
  ...{ name: 'gpu1', address: 'gpu1', destination: null, groups: [], tags: [], hasGpu: 'auto' },
  ...{ thresholds: defaultThresholds, legacyAfterMs: 1e9, intervalMs: 30_000, watchedIntervalMs: 5_000 },
}
const memory = (more: Partial<HostMemory> = {}): HostMemory => ({
  ...emptyMemory('gpu1'),
  ...{ status: 'online', polledAt: 1e12, lastSeen: 1e12 },
  ...more,
})

function kit() {
  const told: [name: string, read: () => Promise<BoardEvent[]>][] = []
  const observed: [name: string, observation: Observation][] = []
  const errors: unknown[] = []
  const onPoll = tellPoll({
    board: { tell: (...one) => void told.push(one) },
    hostNow: async (name) => fleetHost({ name, cpu_percent: 99 }),
    observe: (...one) => void observed.push(one),
    logger: { error: (line: unknown) => void errors.push(line) },
    now: () => 1e12,
  })
  return { told, observed, errors, onPoll }
}

test('the board is told of news as it is then, alerts of every poll', async () => {
  const { told, observed, onPoll } = kit()
  onPoll(host, memory(), null)
  onPoll(host, memory({ cpuPercent: 50 }), memory())
  expect(told.map(([name]) => name)).toEqual(['host:gpu1'])
  expect(await told[0]?.[1]()).toMatchObject([{ kind: 'hosts_update', data: [{ cpu_percent: 99 }] }])
  expect(observed.map(([name]) => name)).toEqual(['gpu1', 'gpu1'])
  onPoll(host, memory({ status: 'offline', failures: 1 }), memory())
  expect(told).toHaveLength(2)
})

test('what was known before a restart is no news', () => {
  const { told, onPoll } = kit()
  onPoll(host, memory({ cpuPercent: 50 }), memory())
  expect(told).toEqual([])
})

test('a fault in it is logged and goes no further', () => {
  const { errors, onPoll } = kit()
  // As no poll makes it.
  onPoll(host, { ...memory(), tmux: null } as unknown as HostMemory, null)
  expect(errors).toMatchObject([{ host: 'gpu1', err: expect.any(Error) }])
})
