import { expect, test } from 'vitest'
import type { Verb, Vm } from '#app/schema/api.ts'
import { consequencesOf } from './consequencesOf.ts'

const vm: Vm = { vm: 'demo', title: 'Demo VM', state: 'running', state_at: null, targets: [], demo: true }
const off: Partial<Vm> = { state: 'stopped' }
const told = (verb: Verb, fields: Partial<Vm>) => consequencesOf(verb, { ...vm, ...fields })
const texts = (verb: Verb, fields: Partial<Vm>) => told(verb, fields).map(({ text }) => text)

test.each(['cycle', 'reset', 'stop', 'start'] as const)('forensics come before every %s', (verb) => {
  expect(texts(verb, verb === 'start' ? off : {})).toEqual(['Forensics are kept first, 5 s at most.'])
})

const pending = ['memory: 8192 → 16384', 'cores: 2 → 4']
test.each<[Verb, string, RegExp]>([
  ['cycle', 'ok', /^Applies 2 pending changes\.$/],
  ['start', 'ok', /^Applies 2 pending changes\.$/],
  ['stop', 'off', /^2 pending changes will be applied when it is started\.$/],
  ['reset', 'warn', /^Does not apply 2 pending changes: a cycle does\.$/],
])('what becomes of pending changes: %s', (verb, shape, text) => {
  const found = told(verb, { pending, ...(verb === 'start' && off) }).find(({ key }) => key === 'pending')
  expect(found).toMatchObject({ shape, text: expect.stringMatching(text) })
})

test('a start of what runs already applies nothing', () => {
  expect(texts('start', { pending }).join()).not.toContain('pending')
})

test('the changes that a cycle applies are listed', () => {
  expect(told('cycle', { pending })).toContainEqual(expect.objectContaining({ lines: pending }))
})

test('pending changes that could not be read are not told as none', () => {
  expect(texts('cycle', { unread: ['pending'] })).toContain('Pending changes could not be read.')
})

test.each<[Verb, Partial<Vm>, boolean]>([
  ['cycle', {}, true],
  ['start', off, true],
  ['stop', {}, false],
  ['reset', {}, false],
  ['stop', { ha: true }, true],
  ['reset', { ha: true }, false],
])('%s of %j without quorum: told as refused: %s', (verb, fields, refused) => {
  const found = texts(verb, { ...fields, quorum: false }).filter((text) => text.includes('no quorum'))
  expect(found).toHaveLength(refused ? 1 : 0)
  if (refused) expect(found[0]).toMatch(/^Would be refused now: .*looked at again before anything is run\.$/)
})

test('what was read long ago is not told as now', () => {
  const [first] = consequencesOf('cycle', { ...vm, locked: 'backup' }, true)
  expect(first?.text).toMatch(/^Would be refused when last read: locked/)
})

const op = 'b'.repeat(32)
const last: Vm['last_operation'] = {
  op,
  verb: 'reset',
  by: 'anna',
  state: 'running',
  phase: 'reset',
  requested_at: '2026-11-27T03:00:00.000Z',
}
test.each<[string, Partial<Vm>, RegExp]>([
  ['it is known', { busy: op, last_operation: last }, /now: Reset by anna is running\./],
  ['it is another', { busy: 'c'.repeat(32), last_operation: last }, /now: another operation is running\./],
  ['nothing is known of it', { busy: op }, /now: another operation is running\./],
])('an operation that runs is told before the gesture: %s', (_, fields, text) => {
  expect(texts('cycle', fields)[0]).toMatch(text)
})

test('signs of a stall, a silent agent and what could not be read are told, each once', () => {
  const found = texts('cycle', {
    suspect: 'No write for 5 s',
    agent: 'silent',
    unread: ['quorum', 'pending', 'storage'],
  })
  expect(found.filter((text) => /stalled|agent is silent/.test(text))).toHaveLength(2)
  expect(found.filter((text) => /read/.test(text))).toEqual([
    expect.stringMatching(/^Quorum could not/),
    'Could not be read in time: storage.',
    'Pending changes could not be read.',
  ])
})

test('a quorum that could not be read is neither there nor lost', () => {
  const [first] = told('cycle', { unread: ['quorum'] })
  expect(first).toMatchObject({ shape: 'unknown', text: expect.stringMatching(/^Quorum could not be read/) })
  expect(texts('reset', { unread: ['quorum'] }).join()).not.toContain('Quorum')
})

test.each<[Verb, Partial<Vm>, RegExp]>([
  ['stop', { locked: 'backup' }, /^Would be refused now: locked \(backup\)\. .*by hand\.$/],
  ['cycle', { node: 'pve2' }, /^Would be refused now: it is on pve2\. Act there\.$/],
  ['cycle', { ha: true, ha_state: 'error' }, /^Would be refused now: HA holds it in error/],
  ['reset', { wedged: true }, /a reset cannot reach it, a cycle can/],
  ['start', {}, /^It runs already\.$/],
  ['stop', off, /^It is off already\.$/],
  ['reset', off, /nothing to reset/],
  ['cycle', off, /nothing to power off/],
  ['stop', { lock_holder: 'vzdump' }, /^At work on it: vzdump\./],
  [
    'stop',
    { hypervisor: { name: 'pve1', reachable: false, checked_at: null } },
    /^pve1 could not be reached/,
  ],
])('%s of %j says so first', (verb, fields, text) => {
  expect(texts(verb, fields)[0]).toMatch(text)
})

test.each<[Verb, boolean]>([
  ['cycle', true],
  ['reset', true],
  ['stop', true],
  ['start', false],
])('%s warns of what the VM carries: %s', (verb, warned) => {
  const found = texts(verb, { carries: ['k8s-2', 'the VPN'] }).filter((text) => text.includes('carries'))
  expect(found).toEqual(
    warned
      ? ['This VM carries k8s-2 and the VPN: you may lose this page. The operation goes on without it.']
      : [],
  )
})

test.each<[Verb, boolean]>([
  ['cycle', true],
  ['reset', false],
])('%s of a VM that HA manages goes through HA: %s', (verb, through) => {
  expect(texts(verb, { ha: true, ha_state: 'started' }).some((text) => /through HA/.test(text))).toBe(through)
})
