import { expect, test } from 'vitest'
import { FleetLab } from '#test/fakes/fleetLab.ts'
import { fitting } from './storedFleet.ts'

const lab = new FleetLab(Date.parse('2026-11-27T02:58:00Z'))

test('what is remembered is bounded, has no commands and says how much there was', () => {
  const hosts = lab.hosts()
  const whole = fitting(hosts, 500_000)
  expect([whole.hosts.length, whole.total]).toEqual([hosts.length, hosts.length])
  expect(JSON.stringify(whole)).not.toContain('--lr 2e-5')
  const part = fitting(lab.manyHosts(), 50_000)
  expect(JSON.stringify(part.hosts).length).toBeLessThan(51_000)
  expect(part.hosts.length).toBeGreaterThan(10)
  expect(part.total).toBe(200)
})
