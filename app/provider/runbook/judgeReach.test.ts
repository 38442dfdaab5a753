import { expect, test } from 'vitest'
import type { Leg } from '#app/schema/events.ts'
import { probeOutput } from '../../../test/fakes/probeOutput.ts'
import { guestOf, judgeReach } from './judgeReach.ts'

const failed = (failed_leg: Leg, stderr = '') => probeOutput('', { exit_code: null, failed_leg, stderr })

test.each<[Leg, string]>([
  ['name', 'devvm cannot be reached: it could not be found by its name (said).'],
  ['tcp', 'devvm cannot be reached: it accepted no connection (said).'],
  ['host_key', 'devvm cannot be reached: it showed a host key that is not the pinned one (said).'],
  ['auth', 'devvm cannot be reached: signing in to it failed (said).'],
  ['timeout', 'devvm does not answer: not one command came to its end.'],
])('leg %s is told once, plainly', (leg, text) => {
  expect(judgeReach('devvm', [failed(leg, 'said.'), failed(leg)])).toMatchObject({
    level: 'crit',
    topic: 'reach',
    value: leg,
    text,
  })
})

test('one command that ran is reach enough', () => {
  expect(judgeReach('devvm', [failed('channel'), probeOutput('')])).toBeNull()
  expect(
    judgeReach('devvm', [failed('timeout'), probeOutput('half', { exit_code: null, failed_leg: 'timeout' })]),
  ).toBeNull()
  expect(judgeReach('devvm', [])).toBeNull()
})

test.each<[Leg, string]>([
  ['tcp', 'silent'],
  ['timeout', 'silent'],
  ['lost', 'silent'],
  ['auth', 'answers'],
  ['host_key', 'answers'],
  ['name', 'unasked'],
])('a guest whose leg %s failed is %s', (leg, state) => {
  expect(guestOf('devvm', [failed(leg)])).toMatchObject({ state })
})

test('a guest that ran something answers; one that is not configured was not asked', () => {
  expect(guestOf('devvm', [probeOutput('1.0 1.0')])).toEqual({ state: 'answers', target: 'devvm' })
  expect(guestOf(undefined, [])).toEqual({ state: 'unasked' })
})
