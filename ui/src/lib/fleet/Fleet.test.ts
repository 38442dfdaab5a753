import { expect, test } from 'vitest'
import type { Host } from '#app/schema/fleet.ts'
import { FleetLab } from '#test/fakes/fleetLab.ts'
import type { FleetApi } from '#ui/api/fleetApi.ts'
import { Fleet } from './Fleet.svelte.ts'

const now = Date.parse('2026-11-27T02:58:00Z')
const lab = new FleetLab(now)

function makeFleet(answer: { hosts: Host[] | string }) {
  const summary = { configured: true, hosts: 2, alerts_enabled: true }
  const api = {
    summary: async () => ({ ok: true, status: 200, value: summary }),
    hosts: async (names?: string[]) =>
      typeof answer.hosts === 'string'
        ? { ok: false, failure: { kind: 'offline', detail: answer.hosts } }
        : {
            ok: true,
            status: 200,
            value: answer.hosts.filter(({ name }) => names === undefined || names.includes(name)),
          },
  }
  // Only these calls are made.
  return new Fleet(api as unknown as FleetApi, () => now)
}

const figure = (fleet: Fleet, name: string) => fleet.host(name)?.cpu_percent

test('news of one host changes that host alone', async () => {
  const fleet = makeFleet({ hosts: [lab.host('a'), lab.host('b')] })
  await fleet.load()
  expect([fleet.fresh, fleet.at]).toEqual([true, now])
  const before = fleet.host('b')
  fleet.take([lab.host('a', { cpu_percent: 77, polled_at: lab.ago(1_000) })])
  expect(figure(fleet, 'a')).toBe(77)
  expect(fleet.host('b')).toBe(before)
})

test('it says when any host was last told, and when all of them were', async () => {
  const answer = { hosts: [lab.host('a')] }
  const fleet = makeFleet(answer)
  expect(fleet.heardAt).toBeNull()
  fleet.take([lab.host('a')])
  expect([fleet.at, fleet.heardAt]).toEqual([null, now])
})

test('an answer that was overtaken changes nothing', async () => {
  const fleet = makeFleet({ hosts: [lab.host('a')] })
  await fleet.load()
  fleet.take([lab.host('a', { cpu_percent: 77, polled_at: lab.ago(9_000) })])
  expect(figure(fleet, 'a')).toBe(12)
})

test('a clock of the server that was set back does not freeze a host: what is read of all overrules', async () => {
  const answer = { hosts: [lab.host('a')] }
  const fleet = makeFleet(answer)
  await fleet.load()
  answer.hosts = [lab.host('a', { cpu_percent: 77, polled_at: lab.ago(3_600_000) })]
  await fleet.load()
  expect(figure(fleet, 'a')).toBe(77)
})

test('news that come while all are read are not undone by what was read before them', async () => {
  const answer = { hosts: [lab.host('a')] }
  const fleet = makeFleet(answer)
  await fleet.load()
  const reading = fleet.load()
  fleet.take([lab.host('a', { cpu_percent: 77, polled_at: lab.ago(1_000) })])
  await reading
  expect(figure(fleet, 'a')).toBe(77)
})

test('a host that is configured no more is gone, a new one comes', async () => {
  const answer = { hosts: [lab.host('a'), lab.host('b')] }
  const fleet = makeFleet(answer)
  await fleet.load()
  answer.hosts = [lab.host('b'), lab.host('c')]
  await fleet.load()
  expect(fleet.hosts.map(({ name }) => name)).toEqual(['b', 'c'])
  await fleet.watch(['c'])
  expect(fleet.hosts).toHaveLength(2)
})

test('a failed reading keeps what is known, and says why', async () => {
  const answer: { hosts: Host[] | string } = { hosts: [lab.host('a')] }
  const fleet = makeFleet(answer)
  await fleet.load()
  answer.hosts = 'The server cannot be reached.'
  await fleet.load()
  expect(fleet.failure).toBe('The server cannot be reached.')
  expect(fleet.hosts).toHaveLength(1)
})
