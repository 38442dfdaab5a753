import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { probeText } from '../../../test/fakes/probeText.ts'
import type { ExecRequest, ExecResult } from '#app/ssh/Runner.ts'
import type { FleetHost } from '../FleetHost.ts'
import { defaultThresholds } from '#app/schema/thresholds.ts'
import { HostPoller } from './HostPoller.ts'
import type { HostMemory } from '../HostMemory.ts'
import { WorkingPlaces } from './WorkingPlaces.ts'

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2030, 0, 1) }))
afterEach(() => void vi.useRealTimers())

const fine: ExecResult = { exitCode: 0, stdout: '', stderr: '', truncated: false, durationMs: 1 }
const away: ExecResult = { ...fine, exitCode: null, failedLeg: 'tcp', failure: 'It refuses.' }

const host: FleetHost = {
  ...{ name: 'gpu1', address: '10.0.0.1', destination: null, groups: [], tags: [], hasGpu: 'auto' },
  ...{
    thresholds: defaultThresholds,
    legacyAfterMs: 259_200_000,
    intervalMs: 30_000,
    watchedIntervalMs: 5_000,
  },
}

/** A host whose far side is `answer`; `at` are the seconds at which it was asked. */
function startPoller(answer: (request: ExecRequest) => ExecResult | Promise<ExecResult>) {
  const begin = performance.now()
  const at: number[] = []
  const seen: HostMemory[] = []
  const errors: unknown[] = []
  const poller = new HostPoller(host, {
    runner: {
      async exec(request) {
        at.push(Math.round((performance.now() - begin) / 100) / 10)
        return answer(request)
      },
    },
    ...{ places: new WorkingPlaces(10, 2000), now: Date.now, random: () => 0.5 },
    onPolled: (_, after) => seen.push(after),
    onError: (error) => errors.push(error),
  })
  poller.found(null)
  poller.start(0)
  return { poller, at, seen, errors, seconds: (s: number) => vi.advanceTimersByTimeAsync(s * 1000) }
}
const healthy = (): ExecResult => ({ ...fine, stdout: probeText() })

test('a host is polled at once, then every 30 s, and every 5 s while somebody looks', async () => {
  const { poller, at, seen, seconds } = startPoller(healthy)
  await seconds(61)
  expect(at).toEqual([0, 30, 60])
  expect(seen.at(-1)).toMatchObject({ status: 'online', intervalMs: 30_000 })
  await seconds(10)
  poller.watch()
  await seconds(0.1)
  expect(at.at(-1)).toBe(71)
  await seconds(20)
  // A look holds for 15 s.
  expect(at.slice(4)).toEqual([76, 81, 86])
  expect(seen.at(-2)?.intervalMs).toBe(5_000)
  await seconds(30)
  expect(at.slice(7)).toEqual([116])
})

test('a host that does not answer rests longer each time, and says until when', async () => {
  let answer = away
  const { poller, at, seen, seconds } = startPoller(() => (answer === away ? away : healthy()))
  await seconds(400)
  expect(at).toEqual([0, 30, 90, 210, 330])
  expect(seen[0]?.nextPollAt).toBeUndefined()
  expect(seen.at(-1)).toMatchObject({ status: 'offline', nextPollAt: Date.UTC(2030, 0, 1) + 450_000 })
  answer = fine
  poller.refresh()
  await seconds(0.1)
  expect(at.at(-1)).toBe(400)
  expect(seen.at(-1)).toMatchObject({ status: 'online' })
  expect(seen.at(-1)?.nextPollAt).toBeUndefined()
  await seconds(30)
  expect(at.at(-1)).toBe(430)
})

test('one that fails is tried at most every 5 s, whoever asks and however often', async () => {
  const { poller, at, seconds } = startPoller(() => away)
  await seconds(1)
  for (let i = 0; i < 300; i += 1) {
    poller.refresh()
    poller.watch()
    await seconds(0.1)
  }
  expect(at).toEqual([0, 5, 10, 15, 20, 25, 30])
})

test('it is never polled twice at once; what is asked meanwhile is done afterwards', async () => {
  let running = 0
  let most = 0
  const { poller, at, seconds } = startPoller(async () => {
    running += 1
    most = Math.max(most, running)
    await new Promise((resolve) => setTimeout(resolve, 20_000))
    running -= 1
    return healthy()
  })
  await seconds(5)
  poller.watch()
  poller.refresh()
  poller.refresh()
  await seconds(16)
  expect(at).toEqual([0, 20.5])
  await seconds(300)
  expect(most).toBe(1)
})

test('what was stored is compared with, even if it is read after the first poll', async () => {
  const first = startPoller(() => ({ ...fine, stdout: probeText({ bootId: 'aaaa', ticks: [100, 900] }) }))
  await first.seconds(1)
  const stored = first.poller.memory
  first.poller.stop()
  const poller = new HostPoller(host, {
    runner: {
      exec: async () => ({
        ...fine,
        stdout: probeText({ bootId: 'aaaa', uptimeS: 86_430, ticks: [400, 1600] }),
      }),
    },
    ...{ places: new WorkingPlaces(10, 2000), now: Date.now, random: () => 0.5 },
    ...{ onPolled: () => undefined, onError: () => undefined },
  })
  poller.start(0)
  await vi.advanceTimersByTimeAsync(1000)
  expect(poller.memory).toMatchObject({ status: 'online', cpuPercent: null })
  expect(poller.awaitsStored).toBe(true)
  poller.found(stored)
  expect(poller.memory?.cpuPercent).toBe(30)
  expect(poller.awaitsStored).toBe(false)
  poller.stop()
})

test('one that somebody looks at before its first poll is not polled twice', async () => {
  const { poller, at, seconds } = startPoller(async () => {
    await new Promise((resolve) => setTimeout(resolve, 1000))
    return healthy()
  })
  poller.watch()
  await seconds(0.5)
  poller.start(0)
  await seconds(2)
  expect(at).toEqual([0])
})

test('stopped, it polls no more and tells nothing of what ran', async () => {
  let aborted = false
  const { poller, at, seen, seconds } = startPoller(
    ({ signal }) =>
      new Promise((resolve) => {
        signal?.addEventListener('abort', () => {
          aborted = true
          resolve(away)
        })
      }),
  )
  await seconds(1)
  poller.stop()
  poller.refresh()
  poller.watch()
  await seconds(1000)
  expect({ aborted, at, seen }).toEqual({ aborted: true, at: [0], seen: [] })
})

test('an error of ours is told, and it goes on', async () => {
  let times = 0
  const { at, errors, seconds } = startPoller(() => {
    times += 1
    if (times === 1) throw new Error('ours')
    return healthy()
  })
  await seconds(31)
  expect(at).toEqual([0, 30])
  expect(errors).toHaveLength(1)
})
