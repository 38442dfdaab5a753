import { expect, it } from 'vitest'
import type { Leg } from '#app/schema/events.ts'
import { HypervisorHealth } from './HypervisorHealth.ts'
import type { Judged } from './judge.ts'

function health() {
  let time = Date.parse('2026-11-20T03:00:00Z')
  const one = new HypervisorHealth('pve1', () => new Date((time += 1000)))
  const take = (vm: string, failed_leg?: Leg) => {
    const result = {
      ...{ verb: 'status', stdout: '', stderr: '', rejected: false, outcome: 'unknown' },
      ...{ exit_code: null, op: '0'.repeat(32), duration_ms: 1, ...(failed_leg && { failed_leg }) },
    } satisfies Judged['result']
    one.take(vm, { result, ...(failed_leg && { detail: `It was ${failed_leg}.` }) })
  }
  return { of: (vm: string) => one.of(vm), take }
}

it('is unknown before anyone has tried', () => {
  expect(health().of('a')).toEqual({ name: 'pve1', reachable: null, checked_at: null })
})

it('is what the newest connection of any of its VMs says, with the leg and a sentence', () => {
  const { of, take } = health()
  take('a', 'tcp')
  expect(of('b')).toEqual({
    ...{ name: 'pve1', reachable: false, failed_leg: 'tcp', detail: 'It was tcp.' },
    checked_at: '2026-11-20T03:00:01.000Z',
  })
  take('b')
  expect(of('a')).toEqual({ name: 'pve1', reachable: true, checked_at: '2026-11-20T03:00:02.000Z' })
})

it.each<Leg>(['cancelled', 'command'])('is not touched by what we gave up ourselves: %s', (leg) => {
  const { of, take } = health()
  take('a')
  take('a', leg)
  expect(of('a')).toMatchObject({ reachable: true })
})

it('a key that is not let in is the trouble of its VM alone, until it is, or all are cut off', () => {
  const { of, take } = health()
  take('a')
  take('b', 'auth')
  take('a')
  expect(of('a')).toMatchObject({ reachable: true })
  expect(of('b')).toMatchObject({ reachable: false, failed_leg: 'auth' })
  take('a', 'tcp')
  expect(of('b')).toMatchObject({ reachable: false, failed_leg: 'tcp' })
  take('b')
  expect(of('b')).toMatchObject({ reachable: true })
})
