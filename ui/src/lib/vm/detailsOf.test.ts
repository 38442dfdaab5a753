import { expect, test } from 'vitest'
import type { Vm } from '#app/schema/api.ts'
import { detailsOf } from './detailsOf.ts'

const vm: Vm = {
  vm: 'demo',
  title: 'Demo VM',
  state: 'running',
  state_at: '2026-11-27T03:00:00.000Z',
  targets: [],
  demo: true,
}
const value = (fields: Partial<Vm>, name: string) =>
  detailsOf({ ...vm, ...fields }).find((detail) => detail.name === name)?.value

test.each(['Lock', 'Quorum', 'HA', 'Guest agent', 'Pending'])(
  '%s of a VM that was never read is not known',
  (name) => {
    expect(value({ state_at: null, state: 'unknown' }, name)).toBe('not known')
  },
)

test.each<[Partial<Vm>, string, string]>([
  [{}, 'Quorum', 'not told'],
  [{ quorum: true }, 'Quorum', 'yes'],
  [{ quorum: false }, 'Quorum', 'lost'],
  [{ unread: ['quorum'] }, 'Quorum', 'could not be read'],
  [{}, 'HA', 'not managed'],
  [{ unread: ['ha'] }, 'HA', 'could not be read'],
  [{ ha: true, ha_state: 'started' }, 'HA', 'started'],
  [{}, 'Lock', 'none'],
  [{ locked: 'backup', lock_holder: 'vzdump' }, 'Lock', 'backup, held by vzdump'],
  [{ agent: 'off' }, 'Guest agent', 'none configured'],
  [{ unread: ['agent'] }, 'Guest agent', 'could not be read'],
  [{ unread: ['pending'] }, 'Pending', 'could not be read'],
  [{ uptime_s: 912_345 }, 'Uptime', '10 d'],
  [{ hypervisor: { name: 'pve1', reachable: true, checked_at: null } }, 'Hypervisor', 'pve1, reachable'],
  [{ hypervisor: { name: 'pve1', reachable: null, checked_at: null } }, 'Hypervisor', 'pve1, not tried yet'],
  [
    { hypervisor: { name: 'pve1', reachable: false, failed_leg: 'auth', checked_at: null } },
    'Hypervisor',
    'pve1, sign-in refused',
  ],
  [{ carries: ['k8s-2', 'the VPN'] }, 'Carries', 'k8s-2, the VPN'],
])('%j is told as %s: %s', (fields, name, told) => {
  expect(value(fields, name)).toBe(told)
})
