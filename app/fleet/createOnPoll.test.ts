import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Observation } from '#app/alert/Reading.ts'
import type { BoardEvent } from '#app/eventlog/Board.ts'
import { fleetHost } from '../../test/fakes/fleetApiKit.ts'
import { aFleetHost, aPoll, evening } from '../../test/fakes/fleetPolls.ts'
import { anAnswer } from '../../test/fakes/probeAnswer.ts'
import { emptyMemory } from './emptyMemory.ts'
import { foldPoll } from './fold/foldPoll.ts'
import type { FleetHost } from './FleetHost.ts'
import { defaultThresholds } from '#app/schema/thresholds.ts'
import type { HostMemory } from './HostMemory.ts'
import { createOnPoll } from './createOnPoll.ts'

const host: FleetHost = {
  ...{ name: 'gpu1', address: 'gpu1', destination: null, groups: [], tags: [], hasGpu: 'auto' },
  ...{ thresholds: defaultThresholds, legacyAfterMs: 1e9, intervalMs: 30_000, watchedIntervalMs: 5_000 },
}
const memory = (more: Partial<HostMemory> = {}): HostMemory => ({
  ...emptyMemory('gpu1'),
  ...{ status: 'online', polledAt: 1e12, lastSeen: 1e12 },
  ...more,
})

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const tmux = [
  'server 1000 alice 400 3.4 1 /s',
  `session 0 ${evening / 1000 - 60} - ${evening / 1000 - 60} 0 1 train`,
]
const withSession = () => foldPoll(null, aPoll(anAnswer({ tmux })), aFleetHost())

function kit() {
  const told: [name: string, read: () => Promise<BoardEvent[]>][] = []
  const observed: [name: string, observation: Observation][] = []
  const errors: unknown[] = []
  const onPoll = createOnPoll({
    board: { tell: (name, read) => void told.push([name, read]) },
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
  vi.advanceTimersByTime(2_000)
  onPoll(host, memory({ status: 'offline', failures: 1 }), memory())
  expect(told).toHaveLength(2)
})

test('what another replica has told meanwhile is what it is compared with', () => {
  const { told, onPoll } = kit()
  onPoll(host, memory(), null)
  expect(told).toHaveLength(1)
  vi.advanceTimersByTime(2_000)
  const theirs = memory({ status: 'offline', failures: 3 })
  onPoll(host, memory(), theirs)
  expect(told).toHaveLength(2)
})

test('other settings that make a tmux session legacy are news', () => {
  const { told, onPoll } = kit()
  const [first, second] = [withSession(), withSession()]
  onPoll(host, first, withSession())
  onPoll({ ...host, legacyAfterMs: 1 }, second, first)
  expect(told).toHaveLength(1)
})

test('what toggles at each poll is told every two seconds, and its last state always', () => {
  const { told, onPoll } = kit()
  let before = memory()
  for (let i = 0; i < 7; i++) {
    const after = memory({ status: i % 2 === 0 ? 'degraded' : 'online' })
    onPoll(host, after, before)
    before = after
    vi.advanceTimersByTime(500)
  }
  expect(told).toHaveLength(2)
  vi.advanceTimersByTime(2_000)
  expect(told).toHaveLength(3)
  vi.advanceTimersByTime(60_000)
  expect(told).toHaveLength(3)
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
