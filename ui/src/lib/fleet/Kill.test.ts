import { expect, test, vi } from 'vitest'
import type { KillResult } from '#app/schema/fleet.ts'
import { FleetLab } from '#test/fakes/fleetLab.ts'
import type { Shape } from '#ui/components/shape.ts'
import type { Failure } from '#ui/api/request.ts'
import type { FleetApi } from '#ui/api/fleetApi.ts'
import { Kill } from './Kill.svelte.ts'
import { outcomeShape, sayResult, whyActive } from './killWords.ts'

const now = Date.parse('2026-11-27T02:58:00Z')
const lab = new FleetLab(now)
const tmux = lab.tmux('gpu3', 'ana', 'x')
const done: KillResult = { killed: true, survivors: [] }

function refused(status: number, code: string, detail = 'No.'): Failure {
  return { kind: 'refused', status, code, detail, requestId: '', fields: {} }
}

function makeKill(token: Failure | null, kill: Failure | KillResult) {
  const api = {
    killToken: vi.fn(async () =>
      token === null
        ? { ok: true, status: 200, value: { token: 't', expires: '' } }
        : { ok: false, failure: token },
    ),
    kill: vi.fn(async () =>
      'killed' in kill ? { ok: true, status: 200, value: kill } : { ok: false, failure: kill },
    ),
  }
  // Only these two calls are made.
  return { api, kill: new Kill(api as unknown as FleetApi, tmux) }
}

test('a legacy one takes one step', async () => {
  const { api, kill } = makeKill(null, done)
  await kill.confirm(false)
  expect(api.killToken).toHaveBeenCalledWith(tmux.id, false)
  expect(api.kill).toHaveBeenCalledWith(tmux.id, 't')
  expect(kill.at).toEqual({ step: 'ended', result: done })
})

test('an active one takes two, whatever is held first', async () => {
  const { api, kill } = makeKill(null, done)
  await kill.confirm(true)
  expect(api.killToken).not.toHaveBeenCalled()
  kill.warn()
  await kill.confirm(true)
  expect(api.killToken).toHaveBeenCalledWith(tmux.id, true)
  expect(kill.at.step).toBe('ended')
})

test('a second hold sends nothing', async () => {
  const { api, kill } = makeKill(null, done)
  await Promise.all([kill.confirm(false), kill.confirm(false)])
  await kill.confirm(false)
  expect(api.kill).toHaveBeenCalledOnce()
})

const lost: Failure = { kind: 'offline', detail: 'The server cannot be reached.' }

test.each<[string, Failure | null, Failure, string, RegExp]>([
  ['without a token nothing was killed', lost, lost, 'refused', /cannot be reached/],
  ['an unexpected error before the token', refused(500, 'internal'), lost, 'refused', /No/],
  ['it is gone', refused(404, 'not_found'), lost, 'refused', /not there any more/],
  ['nobody knows it now', refused(409, 'stale', 'It is not read now.'), lost, 'refused', /not read now/],
  ['somebody came back', null, refused(409, 'active', 'It is active.'), 'refused', /active/],
  ['the token was too old', null, refused(410, 'expired'), 'refused', /too old/],
  ["the token is somebody else's", null, refused(403, 'forbidden', 'Not yours.'), 'refused', /Not yours/],
  ['the host is not reached', null, refused(502, 'unreachable', 'No TCP.'), 'refused', /No TCP/],
  ['tmux does not do it', null, refused(502, 'failed', 'tmux refused.'), 'refused', /tmux refused/],
  ['tokens are out of reach', null, refused(503, 'log_unavailable', 'Away.'), 'refused', /Away/],
  ['nobody answers the kill', null, lost, 'unknown', /cannot be reached/],
  ['the host was lost meanwhile', null, refused(502, 'unknown', 'Contact was lost.'), 'unknown', /was lost/],
  ['a proxy answers the kill', null, refused(502, 'http_502', 'Bad gateway.'), 'unknown', /gateway/],
  ['an unexpected error of the kill', null, refused(500, 'internal'), 'unknown', /No/],
])('%s', async (_, token, failure, step, why) => {
  const { kill } = makeKill(token, failure)
  await kill.confirm(false)
  expect(kill.at.step).toBe(step)
  expect('why' in kill.at ? kill.at.why : '').toMatch(why)
})

test('after a refusal it can be decided anew, after an unknown outcome it cannot', async () => {
  const refusal = makeKill(null, refused(410, 'expired')).kill
  await refusal.confirm(false)
  refusal.again()
  expect(refusal.at.step).toBe('asking')
  const unknown = makeKill(null, lost).kill
  await unknown.confirm(false)
  unknown.again()
  expect(unknown.at.step).toBe('unknown')
})

const cut = 'The answer was cut off: there may be more.'

test.each<[KillResult, string, Shape]>([
  [done, 'It is gone, and so are all of its processes.', 'ok'],
  [{ killed: false, survivors: [], detail: 'tmux refused.' }, 'It was not killed. tmux refused.', 'off'],
  [{ killed: true, survivors: [], detail: cut }, `It is gone. ${cut}`, 'warn'],
  [
    { killed: true, survivors: [{ pid: 1, name: 'a', gpu_memory_mb: 22_426 }], detail: cut },
    `It is gone; 1 process outlived it and still holds at least 21.9 GB of GPU memory. ${cut}`,
    'warn',
  ],
  [
    {
      killed: true,
      survivors: [22_426, null].map((gpu_memory_mb, at) => ({ pid: at, name: 'a', gpu_memory_mb })),
    },
    'It is gone; 2 processes outlived it and still hold at least 21.9 GB of GPU memory.',
    'warn',
  ],
  [
    { killed: true, survivors: [{ pid: 1, name: 'a', gpu_memory_mb: 22_426 }] },
    'It is gone; 1 process outlived it and still holds 21.9 GB of GPU memory.',
    'warn',
  ],
  [
    { killed: true, survivors: [{ pid: 1, name: 'a', gpu_memory_mb: null }] },
    'It is gone; 1 process outlived it.',
    'warn',
  ],
])('%j in a sentence', (result, sentence, shape) => {
  expect([sayResult(result), outcomeShape(result)]).toEqual([sentence, shape])
})

test('why somebody may be working in it', () => {
  expect(whyActive(tmux, now)).toBe(
    'Somebody is in it now: 1 terminal is attached, and its last output came 2 min ago.',
  )
  const left = { ...tmux, attached: false, clients: 0, detached_since: lab.ago(3 * 3_600_000) }
  expect(whyActive(left, now)).toContain('It was left 3 h ago, and its last output came 2 min ago.')
})
