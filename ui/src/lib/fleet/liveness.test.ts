import { expect, test } from 'vitest'
import { FleetLab } from '#test/fakes/fleetLab.ts'
import {
  clockAhead,
  gpuAge,
  livenessOf,
  oldFigures,
  sectionAge,
  seenWords,
  tmuxIsStale,
  tmuxSeen,
  type Liveness,
} from './liveness.ts'

const now = Date.parse('2026-11-27T02:58:00Z')
const lab = new FleetLab(now)
const read = (ms: number) => ({ polled_at: lab.ago(ms), last_seen: lab.ago(ms) })

test.each<[string, Parameters<FleetLab['host']>[1], Liveness]>([
  ['just polled', read(4_000), 'live'],
  ['polled two intervals ago', read(60_000), 'live'],
  ['online, and not polled for four intervals', read(120_000), 'stale'],
  ['scrolled away after it was watched, and not read since', { ...read(70_000), interval_s: 5 }, 'live'],
  ['watched once, and not polled for longer than all are read', { ...read(90_000), interval_s: 5 }, 'stale'],
  ['polled a moment ahead of us', read(-9_000), 'live'],
  ['polled in the future, by a clock that was set back since', read(-3_600_000), 'stale'],
  ['polled less often, until then', { ...read(120_000), next_poll_at: lab.ago(-60_000) }, 'live'],
  ['not polled when it was due', { ...read(300_000), next_poll_at: lab.ago(120_000) }, 'stale'],
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

test('what a section that failed told is as old as its last reading', () => {
  const sections = {
    gpu: { ok: false, age_s: 251 },
    tmux: { ok: false, age_s: null },
    host: { ok: true, age_s: 4 },
  }
  const host = lab.host('a', { sections })
  expect(['gpu', 'tmux', 'host', 'disks'].map((name) => sectionAge(host, name))).toEqual([
    '4 min old',
    'never read',
    null,
    null,
  ])
  expect(gpuAge(host, lab.gpu('a', 0))).toBe('4 min old')
  expect(gpuAge(host, lab.gpu('a', 0, { vendor: 'amd' }))).toBeNull()
})

test('a section that was read in part is as live as the rest of its poll', () => {
  const part = { gpu: { ok: false, age_s: 33 }, host: { ok: true, age_s: 33 } }
  expect(sectionAge(lab.host('a', { sections: part }), 'gpu')).toBeNull()
  expect(sectionAge(lab.host('a', { sections: { gpu: { ok: false, age_s: 33 } } }), 'gpu')).toBe('33 s old')
})

test("a host's own figures that could not be read say how old they are", () => {
  expect(oldFigures(lab.host('a'))).toBe('')
  const sections = {
    host: { ok: false, age_s: 7_200 },
    memory: { ok: false, age_s: null },
    disks: { ok: true, age_s: 4 },
  }
  expect(oldFigures(lab.host('a', { sections }))).toBe('CPU and load 2 h old · memory never read')
})

test('tmux sessions are as old as their section, on a host that is polled all the same', () => {
  const failed = lab.host('a', {
    sections: { tmux: { ok: false, age_s: 7_200 }, host: { ok: true, age_s: 4 } },
  })
  expect([tmuxIsStale(failed, now, false), tmuxSeen(failed, now, false)]).toEqual([true, '2 h old'])
  const live = lab.host('a')
  expect([tmuxIsStale(live, now, false), tmuxSeen(live, now, false)]).toEqual([false, '4s ago'])
  expect([tmuxIsStale(live, now, true), tmuxSeen(live, now, true)]).toEqual([
    true,
    expect.stringMatching(/^last seen/),
  ])
})
