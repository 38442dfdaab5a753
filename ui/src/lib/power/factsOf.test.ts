import { expect, test } from 'vitest'
import type { Vm } from '#app/schema/api.ts'
import { factsOf, unreadOf } from './factsOf.ts'

const vm: Vm = { vm: 'demo', title: 'Demo VM', state: 'running', state_at: null, targets: [], demo: true }
const hypervisor = { name: 'pve1', reachable: false, failed_leg: 'tcp', checked_at: null } as const

test('of a VM that is as it should be there is nothing to tell', () => {
  const calm: Vm = {
    ...vm,
    quorum: true,
    ha: false,
    agent: 'answers',
    pending: [],
    unread: [],
    hypervisor: { name: 'pve1', reachable: true, checked_at: null },
  }
  expect(factsOf(calm)).toEqual([])
  expect(factsOf({ ...vm, agent: 'off' })).toEqual([])
})

test.each<[Partial<Vm>, string, RegExp]>([
  [{ hypervisor }, 'crit', /^pve1 cannot be reached: no TCP connection\.$/],
  [{ suspect: 'No write for 5 s' }, 'warn', /may be stalled, which is not proved: No write for 5 s\.$/],
  [{ node: 'pve2' }, 'warn', /on pve2 now/],
  [{ locked: 'backup' }, 'warn', /^Locked by the hypervisor: backup\. .*by hand/],
  [{ lock_holder: 'qm stop 102 (pid 12)' }, 'warn', /qm stop 102 \(pid 12\)/],
  [{ quorum: false }, 'warn', /no quorum: cycle and start are refused/],
  [{ ha: true, ha_state: 'started' }, 'off', /HA \(started\)/],
  [{ ha: true }, 'off', /^Managed by HA: start and stop/],
  [{ ha: true, ha_state: 'error' }, 'crit', /HA holds it in error/],
  [{ agent: 'silent' }, 'warn', /agent is silent/],
  [{ unread: ['quorum', 'pending'] }, 'unknown', /quorum and pending changes/],
  [{ pending: ['memory: 1 → 2'] }, 'off', /^1 pending change: a cycle applies it\.$/],
  [{ pending: ['a: 1', 'b: 2'] }, 'off', /^2 pending changes: a cycle applies them\.$/],
])('%j is told as %s %s', (fields, shape, text) => {
  const facts = factsOf({ ...vm, ...fields })
  expect(facts).toHaveLength(1)
  expect(facts[0]).toMatchObject({ shape, text: expect.stringMatching(text) })
})

test('the agent of a VM that is off is silent, as it should be', () => {
  expect(factsOf({ ...vm, state: 'stopped', agent: 'silent' })).toEqual([])
})

test('what could not be read is neither told as fine nor as wrong', () => {
  const facts = factsOf({ ...vm, unread: ['quorum'] })
  expect(facts.map(({ key }) => key)).toEqual(['unread'])
  expect(unreadOf({ unread: ['something-new'] })).toBe('something-new')
})

test('what HA holds stands before what is only to be known', () => {
  const facts = factsOf({ ...vm, suspect: 'No write', ha: true, ha_state: 'error' })
  expect(facts.map(({ key }) => key)).toEqual(['ha', 'suspect'])
})

test('the worst stands first', () => {
  const facts = factsOf({ ...vm, pending: ['a: 1'], quorum: false, hypervisor })
  expect(facts.map(({ key }) => key)).toEqual(['hypervisor', 'quorum', 'pending'])
})
