import { expect, test } from 'vitest'
import { FleetLab } from '#test/fakes/fleetLab.ts'
import { clockAhead, livenessOf, type Liveness } from './liveness.ts'
import { seenWords } from './seenWords.ts'

const now = Date.parse('2026-11-27T02:58:00Z')
const lab = new FleetLab(now)
const read = (ms: number) => ({ polled_at: lab.ago(ms), last_seen: lab.ago(ms) })

test.each<[string, Parameters<FleetLab['host']>[1], Liveness]>([
  ['just polled', read(4_000), 'live'],
  ['polled two intervals ago', read(60_000), 'live'],
  ['online, and not polled for four intervals', read(120_000), 'stale'],
  ['watched, and not polled for half a minute', { ...read(35_000), interval_s: 5 }, 'stale'],
  ['degraded', { status: 'degraded' }, 'live'],
  ['offline', { status: 'offline', last_seen: lab.ago(2_640_000) }, 'offline'],
  ['never reached', { status: 'offline', last_seen: null }, 'never'],
  ['never tried', { polled_at: null, last_seen: null }, 'never'],
])('%s', (_, change, liveness) => {
  expect(livenessOf(lab.host('a', change), now)).toBe(liveness)
})

test('our clock is told from the hosts that were read in their newest poll', () => {
  const hosts = [lab.host('a'), lab.host('b'), lab.host('c', { status: 'offline', sections: {} })]
  expect(clockAhead(hosts, now)).toBe(0)
  expect(clockAhead(hosts, now + 2_000)).toBe(0)
  expect(clockAhead(hosts, now + 3_600_000)).toBe(3_600_000)
  expect(clockAhead(hosts, now - 3_600_000)).toBe(-3_600_000)
})

test('a fleet that nobody polls is no wrong clock', () => {
  const sections = { host: { ok: true, age_s: 7_200 } }
  const hosts = [lab.host('a', { ...read(7_200_000), sections })]
  expect(clockAhead(hosts, now)).toBe(0)
  expect(clockAhead([lab.host('a', { sections: {} })], now)).toBeNull()
})

test('what stands beside the name', () => {
  expect(seenWords(lab.host('a'), false, now)).toBe('up 41d · 4s ago')
  expect(seenWords(lab.host('a', { uptime_s: null }), false, now)).toBe('4s ago')
  expect(seenWords(lab.host('a'), true, now)).toMatch(/^last seen \d\d:\d\d/)
  expect(seenWords(lab.host('a', { last_seen: null }), true, now)).toBe('')
})
