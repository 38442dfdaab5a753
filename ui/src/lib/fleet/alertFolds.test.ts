import { expect, test } from 'vitest'
import { FleetLab } from '#test/fakes/fleetLab.ts'
import { ackChoices, alertsWith, countSeverities, inOrder, isAcknowledged, whyUnknown } from './alertFolds.ts'

const now = Date.parse('2026-11-27T02:58:00Z')
const alerts = new FleetLab(now).alerts()
const [first] = alerts
if (first === undefined) throw new Error('the lab has no alerts')
const ids = (list: typeof alerts) => list.map(({ id }) => id)

test('a new alert is added, a changed one replaces itself, a cleared one is gone', () => {
  const known = inOrder(alerts)
  const fresh = { ...first, id: 'new', created: new Date(now).toISOString() }
  expect(ids(inOrder(alertsWith(known, 'alert_new', fresh)))[0]).toBe('new')
  const changed = alertsWith(known, 'alert_changed', { ...first, count: 99 })
  expect(changed).toHaveLength(known.length)
  expect(changed.find(({ id }) => id === first.id)?.count).toBe(99)
  expect(ids(alertsWith(known, 'alert_cleared', { id: first.id }))).not.toContain(first.id)
  expect(alertsWith(known, 'alert_else', {})).toBe(known)
})

test('the worst first, of them the newest', () => {
  expect(
    inOrder(alerts.toReversed())
      .map(({ host, type }) => `${host} ${type}`)
      .slice(0, 3),
  ).toEqual(['gpu4 gpu_temp_critical', 'pi-02 host_offline', 'gpu3 gpu_temp_warning'])
})

test.each([
  ['nobody', { acknowledged: false }, false],
  ['for good', { acknowledged: true }, true],
  ['until later', { acknowledged: true, until: new Date(now + 1).toISOString() }, true],
  ['until just now', { acknowledged: true, until: new Date(now).toISOString() }, false],
])('acknowledged %s', (_, change, acknowledged) => {
  expect(isAcknowledged({ ...first, ...change }, now)).toBe(acknowledged)
})

test.each([
  ['late in the evening', new Date(2026, 10, 27, 23, 58), 'Until tomorrow 08:00', new Date(2026, 10, 28, 8)],
  [
    'at night, the morning that comes',
    new Date(2026, 10, 28, 2, 58),
    'Until 08:00',
    new Date(2026, 10, 28, 8),
  ],
  ['at that very hour', new Date(2026, 10, 28, 8), 'Until tomorrow 08:00', new Date(2026, 10, 29, 8)],
])('for how long: %s', (_, at, label, morning) => {
  expect(ackChoices(at)).toEqual([
    { label: '1 hour', until: new Date(at.getTime() + 3_600_000).toISOString() },
    { label: '8 hours', until: new Date(at.getTime() + 8 * 3_600_000).toISOString() },
    { label, until: morning.toISOString() },
    { label: 'Until it ends' },
  ])
})

test('alerts that are not known are not told as none', () => {
  const known = { failure: null, at: now }
  const failing = { failure: 'The store is away.', at: now }
  expect(whyUnknown(known, true, false, now)).toBeNull()
  expect(whyUnknown(known, false, false, now)).toBe('Alerts are switched off in the configuration.')
  expect(whyUnknown(failing, true, false, now)).toMatch(
    /^Alerts could not be read\. The store is away\. Last known \d\d:\d\d/,
  )
  expect(whyUnknown({ ...failing, at: null }, true, false, now)).toBe(
    'Alerts could not be read. The store is away.',
  )
  expect(whyUnknown(failing, true, true, now)).toBeNull()
})

test('counts in words', () => {
  expect(countSeverities(alerts)).toBe('2 critical, 3 warnings, 1 to know')
  expect(countSeverities(alerts.slice(0, 1))).toBe('1 critical')
})
