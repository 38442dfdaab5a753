import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FleetLab } from '#test/fakes/fleetLab.ts'
import { keepOrder, orderHosts, rankHost } from './orderHosts.ts'
import { Ranks } from './Ranks.ts'
import { alertWords, describeHost, troublesOf } from './troublesOf.ts'

const now = Date.parse('2026-11-27T02:58:00Z')
const lab = new FleetLab(now)
const hosts = lab.hosts()
const alerts = lab.alerts()
const named = (name: string) => hosts.find((host) => host.name === name) ?? lab.host(name)

test.each([
  ['gpu1', 'ok', 'healthy'],
  ['gpu3', 'warn', 'hot'],
  ['gpu4', 'crit', 'too hot'],
  ['pi-02', 'unknown', 'offline'],
  ['gpu5', 'warn', 'degraded'],
  ['gpu6', 'crit', 'GPU lost'],
  ['storage1', 'warn', 'disk filling'],
  ['gpu7', 'warn', 'clock off'],
  ['gpu8', 'off', 'rebooted'],
  ['new-box', 'unknown', 'never seen'],
  ['a100', 'ok', 'healthy'],
  ['login', 'ok', 'healthy'],
])('%s is %s, %s', (name, shape, word) => {
  expect(describeHost(troublesOf(named(name), now, []))).toEqual({ shape, word })
})

test('what no bar shows is told in a sentence', () => {
  const says = (name: string) => troublesOf(named(name), now, []).flatMap((one) => one.says ?? [])
  expect(says('gpu5')).toEqual(['gpu: last read 4 min ago. nvidia-smi did not answer within 8 s.'])
  expect(says('gpu7')).toEqual(['Its clock is 3 h behind ours.'])
  expect(says('gpu8')).toEqual(['It was started again 21 min ago.'])
  expect(says('pi-02')).toEqual([expect.stringContaining('10.0.0.42')])
})

test('an online host that is not polled any more is not live', () => {
  const [worst] = troublesOf(lab.host('a', { polled_at: lab.ago(600_000) }), now, [])
  expect(worst).toMatchObject({ level: 'gone', word: 'not polled' })
})

test('nothing that an offline host told last is told as its trouble', () => {
  const host = { ...named('gpu4'), status: 'offline' as const }
  expect(troublesOf(host, now, []).map(({ word }) => word)).toEqual(['offline'])
})

test('GPU memory that a legacy tmux session holds is trouble; a GPU that sleeps is none', () => {
  const [gpu] = named('gpu3').gpus
  const cool = { ...named('gpu3'), gpus: gpu === undefined ? [] : [{ ...gpu, temperature_c: 50 }] }
  expect(describeHost(troublesOf(cool, now, []))).toEqual({ shape: 'warn', word: 'GPU held' })
  const asleep = lab.host('a', { gpus: [lab.gpu('a', 0, { state: 'asleep', unreadable: 'It is off.' })] })
  expect(troublesOf(asleep, now, [])).toEqual([])
})

test('an alert raises its host until it is acknowledged', () => {
  const alert = {
    ...alerts[0],
    host: 'gpu1',
    type: 'high_cpu',
    severity: 'critical' as const,
  } as (typeof alerts)[0]
  expect(describeHost(troublesOf(named('gpu1'), now, [alert]))).toEqual({
    shape: 'crit',
    word: 'tmux session busy',
  })
  const known = { ...alert, acknowledged: true }
  expect(describeHost(troublesOf(named('gpu1'), now, [known]))).toEqual({
    shape: 'off',
    word: 'acknowledged: tmux session busy',
  })
  const over = { ...known, until: lab.ago(1) }
  expect(describeHost(troublesOf(named('gpu1'), now, [over])).shape).toBe('crit')
})

test('no bar is drawn as full beside the word healthy', () => {
  const word = (change: Parameters<FleetLab['host']>[1]) =>
    describeHost(troublesOf(lab.host('a', change), now, [])).word
  expect(word({ cpu_percent: 89, memory_percent: 89 })).toBe('healthy')
  expect(word({ cpu_percent: 90 })).toBe('busy')
  expect(word({ memory_percent: 90 })).toBe('memory full')
  expect(word({ gpus: [lab.gpu('a', 0, { memory_used_mb: 24_000 })] })).toBe('GPU memory full')
  expect(word({ cpu_percent: null, memory_percent: null })).toBe('healthy')
})

test('a section that was read in part is not told as old', () => {
  const sections = { host: { ok: true, age_s: 33 }, gpu: { ok: false, age_s: 33, error: 'One GPU failed.' } }
  const [trouble] = troublesOf(lab.host('a', { sections }), now, [])
  expect(trouble?.says).toBe('gpu: read in part. One GPU failed.')
})

test('each rule of the server has a word; the absence of a host is told by its liveness', () => {
  const rules = readFileSync('app/fleet/readings/toReadings.ts', 'utf8').matchAll(/^ {2}(\w+): \[/gm)
  expect(Object.keys(alertWords)).toEqual([...rules].map(([, rule]) => rule))
})

test('a host is ranked anew when an alert of its own changes, and only then', () => {
  const ranks = new Ranks()
  const [a, b] = [lab.host('a'), lab.host('b')]
  const alert = (host: string) => ({ ...alerts[0], host, id: host }) as (typeof alerts)[0]
  const known = [alert('a'), alert('b')]
  const before = [a, b].map((host) => ranks.of(host, now, known))
  const changed = [known[0], alert('b')] as typeof alerts
  expect(ranks.of(a, now, changed)).toBe(before[0])
  expect(ranks.of(b, now, changed)).not.toBe(before[1])
  expect(ranks.of(a, now, []).troubles).toEqual([])
})

const ranked = () => hosts.map((host) => rankHost(host, troublesOf(host, now, alerts), alerts, now))

test('the worst come first, the healthy last, and an absence that is known after them', () => {
  expect(orderHosts(ranked(), 'trouble').map(({ host }) => host.name)).toEqual([
    ...['gpu4', 'gpu6', 'pi-02'],
    ...['gpu3', 'gpu5', 'gpu7', 'storage1', 'gpu8'],
    ...['a100', 'amd1', 'ana-laptop', 'gpu1', 'login', 'new-box'],
  ])
})

test('names are ordered as people count', () => {
  const some = ['gpu10', 'gpu2', 'a'].map((name) => rankHost(lab.host(name), [], [], now))
  expect(orderHosts(some, 'name').map(({ host }) => host.name)).toEqual(['a', 'gpu2', 'gpu10'])
})

test('while somebody reads, cards stay where they are', () => {
  expect(keepOrder(['b', 'a', 'gone'], ['a', 'new', 'b'])).toEqual(['b', 'a', 'new'])
})
