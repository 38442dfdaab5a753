import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Shares, SharesListener } from '#app/lease/Shares.ts'
import type { ExecResult } from '#app/ssh/Runner.ts'
import { startFleet, type FleetKitOptions } from '../../test/fakes/fleetKit.ts'
import { probeText } from '../../test/fakes/probeText.ts'
import { until } from '../../test/fakes/redisServer.ts'
import { emptyMemory } from './emptyMemory.ts'
import type { FleetHost } from './FleetHost.ts'
import { defaultThresholds } from '#app/schema/thresholds.ts'
import type { FleetServiceOptions } from './FleetService.ts'
import { localProbe } from './poll/localProbe.ts'

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-service-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function start(options: FleetKitOptions = {}) {
  const kit = await startFleet(options)
  let stopped = false
  const stop = async () => {
    if (!stopped) await kit.stop()
    stopped = true
  }
  onTestFinished(stop)
  return { ...kit, stop }
}

const local = (more: Partial<FleetHost> = {}): FleetHost => ({
  ...{
    name: 'here',
    address: 'localhost',
    destination: null,
    groups: ['lab'],
    tags: ['own'],
    hasGpu: 'auto',
  },
  ...{
    thresholds: defaultThresholds,
    legacyAfterMs: 259_200_000,
    intervalMs: 30_000,
    watchedIntervalMs: 5_000,
  },
  ...more,
})

/** A probe that notes what it was asked, and prints what is in `answer`. */
function fakeProbe() {
  const folder = newFolder()
  const [script, answer] = [join(folder, 'probe'), join(folder, 'answer')]
  writeFileSync(script, `echo "$1 $(cat)" >>'${folder}/asked'\ncat '${answer}'\n`)
  const show = (figures: Parameters<typeof probeText>[0] = {}) => writeFileSync(answer, probeText(figures))
  show()
  return { probe: localProbe(script), show, asked: join(folder, 'asked') }
}

test('this machine is probed without SSH, at once', async () => {
  const { probe } = fakeProbe()
  const { fleet } = await start({ localProbe: probe })
  fleet.configure([local()])
  expect(await fleet.host('here')).toMatchObject({ status: 'offline', polled_at: null, last_seen: null })
  await until(async () => (await fleet.host('here')).status === 'online')
  expect(await fleet.host('here')).toMatchObject({
    ...{ name: 'here', local: true, groups: ['lab'], interval_s: 30, memory_percent: 25, cpu_percent: null },
  })
  await expect(fleet.host('nobody')).rejects.toMatchObject({ code: 'not_found' })
})

test('hosts are told in the order of the configuration, also some of them', async () => {
  const { fleet } = await start({ localProbe: fakeProbe().probe })
  fleet.configure(['c', 'a', 'b'].map((name) => local({ name })))
  expect((await fleet.hosts()).map(({ name }) => name)).toEqual(['c', 'a', 'b'])
  expect((await fleet.hosts(['b', 'nobody', 'c'])).map(({ name }) => name)).toEqual(['c', 'b'])
})

test('a look hastens it, a refresh polls it now, and what was read is history', async () => {
  const { probe, show } = fakeProbe()
  const { fleet, polls, store } = await start({ localProbe: probe })
  fleet.configure([local({ watchedIntervalMs: 700 })])
  await until(() => polls('here') === 1)
  show({ ticks: [300, 1100], uptimeS: 86_430 })
  fleet.refresh('here')
  await until(() => polls('here') === 2)
  expect(await fleet.host('here')).toMatchObject({ cpu_percent: 50, interval_s: 30 })
  fleet.watch(['here', 'nobody'])
  await until(() => polls('here') >= 4)
  expect((await fleet.host('here')).interval_s).toBe(0.7)
  const now = Date.now()
  const page = await store.history.read('here', { from: now - 60_000, to: now + 1000, stepMs: 60_000 })
  const cpu = page.series.find(({ series }) => series === 'cpu_percent')
  expect(cpu?.max.filter((value) => value !== null)).toContain(50)
})

test('what was known outlives this process', async () => {
  const { probe, show } = fakeProbe()
  const dataDir = newFolder()
  const tmux = [{ number: 1, name: 'train', created: 1_700_000_000 }]
  show({ tmux })
  const first = await start({ localProbe: probe, dataDir })
  first.fleet.configure([local()])
  await until(() => first.polls('here') === 1)
  const seen = first.memory('here')?.tmux[0]?.lastSeenAttached
  await first.stop()
  show({ tmux, ticks: [300, 1100], uptimeS: 86_430 })
  let before: unknown
  const second = await start({
    localProbe: probe,
    dataDir,
    onPoll: (_host, _after, known) => (before ??= known),
  })
  second.fleet.configure([local()])
  await until(() => second.polls('here') === 1)
  expect(before).toMatchObject({ name: 'here', version: 1 })
  expect(second.memory('here')).toMatchObject({ cpuPercent: 50, tmux: [{ lastSeenAttached: seen }] })
})

test('a kill goes to the probe with its digits on stdin', async () => {
  const { probe, asked } = fakeProbe()
  const { fleet } = await start({ localProbe: probe })
  fleet.configure([local()])
  const result = await fleet.kill('here', '3 1700000000 4242')
  expect(result).toMatchObject({ exitCode: 0 })
  const { readFileSync } = await import('node:fs')
  expect(readFileSync(asked, 'utf8')).toContain('kill 3 1700000000 4242\n')
  await expect(fleet.kill('nobody', '1 2 3')).rejects.toMatchObject({ code: 'not_found' })
})

test('while the store cannot be read hosts are polled, and what they tell is not stored over it', async () => {
  const { probe } = fakeProbe()
  const put: string[] = []
  const { fleet, polls, lines } = await start({
    localProbe: probe,
    documents: {
      put: (kind, name) => void put.push(`${kind} ${name}`),
      read: () => Promise.reject(new Error('away')),
      discard: () => undefined,
      flush: () => Promise.reject(new Error('away')),
    },
  })
  fleet.configure([local({ intervalMs: 500 })])
  await until(() => polls('here') >= 2)
  expect(put).toEqual([])
  expect(lines).toContain('warn what was known of hosts cannot be read yet')
})

/** Shares of a replica among others, as the test says. */
function sharesOf(owned: Set<string>) {
  let listener: SharesListener | undefined
  const events: string[] = []
  const shares: Shares = {
    shared: true,
    start: (one) => void (listener = one),
    owns: (name) => owned.has(name),
    confirms: (name) => owned.has(name),
    ask: () => undefined,
    stop: async () => void events.push('shares let go'),
  }
  return { shares, events, change: () => listener?.onChange() }
}
const remote = (more: Partial<FleetHost> = {}): FleetHost => {
  const destination = {
    name: 'gpu1',
    host: '127.0.0.1',
    port: 9,
    user: 'x',
    hostKeys: [],
    key: { agent: '/none' },
  }
  return local({ name: 'gpu1', destination, ...more })
}

test('this machine itself is polled by each replica, whoever has its share', async () => {
  const { shares } = sharesOf(new Set())
  const { fleet } = await start({ localProbe: fakeProbe().probe, shares })
  fleet.configure([local()])
  await until(async () => (await fleet.host('here')).status === 'online')
})

test('a host that was just taken over is what the other replica told, until its own poll', async () => {
  const { shares } = sharesOf(new Set(['gpu1']))
  const stored = JSON.stringify({ ...emptyMemory('gpu1'), status: 'online', polledAt: 1e12, lastSeen: 1e12 })
  let answers = 0
  const { fleet } = await start({
    shares,
    documents: {
      put: () => undefined,
      // The reading for the polls never comes; that for the screen does.
      read: () =>
        (answers += 1) === 1 ? new Promise(() => undefined) : Promise.resolve(new Map([['gpu1', stored]])),
      discard: () => undefined,
      flush: async () => undefined,
    },
  })
  fleet.configure([remote()])
  shares.start({ onChange: () => undefined, onAsk: () => undefined })
  expect(await fleet.host('gpu1')).toMatchObject({ status: 'online', last_seen: '2001-09-09T01:46:40.000Z' })
})

test('a host that goes to another replica: what waits is not written, and a kill under way ends first', async () => {
  const owned = new Set(['gpu1'])
  const { shares, change } = sharesOf(owned)
  const events: string[] = []
  const answer = Promise.withResolvers<ExecResult>()
  const pool: FleetServiceOptions['pool'] = {
    runner: () => ({
      exec: ({ command }) => (command === 'kill' ? answer.promise : new Promise(() => undefined)),
    }),
    drop: () => void events.push('dropped'),
  }
  const { fleet } = await start({
    ...{ shares, pool },
    documents: {
      put: () => undefined,
      read: async () => new Map(),
      discard: (kind, name) => void events.push(`discarded ${kind} ${name}`),
      flush: async () => undefined,
    },
    onLetGo: (name) => void events.push(`let go ${name}`),
  })
  fleet.configure([remote()])
  const kill = fleet.kill('gpu1', '1 2 3')
  owned.clear()
  change()
  expect(events).toEqual(['discarded host gpu1', 'let go gpu1'])
  answer.resolve({ exitCode: 0, stdout: 'killed', stderr: '', truncated: false, durationMs: 1 })
  expect(await kill).toMatchObject({ stdout: 'killed' })
  await until(() => events.includes('dropped'))
})

test('hosts are handed over after the last that was known of them is written', async () => {
  const { shares, events } = sharesOf(new Set(['here']))
  const { fleet, polls } = await start({
    ...{ shares, localProbe: fakeProbe().probe },
    documents: {
      put: () => void events.push('put'),
      read: async () => new Map(),
      discard: () => undefined,
      flush: async () => void events.push('flushed'),
    },
  })
  fleet.configure([local()])
  await until(() => polls('here') === 1)
  await fleet.close(async () => void events.push('settled'))
  expect(events.slice(-4)).toEqual(['put', 'settled', 'flushed', 'shares let go'])
})
