import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Host } from '#app/schema/fleet.ts'
import type { ExecResult } from '#app/ssh/Runner.ts'
import { fleetHost, fleetApiKit, killAnswer, tmuxSession } from '../fakes/fleetApiKit.ts'
import { startTestApp, type TestApp } from '../fakes/testApp.ts'

let kit: ReturnType<typeof fleetApiKit>
let app: TestApp
beforeEach(async () => {
  kit = fleetApiKit()
  app = await startTestApp('loopback', kit.routes)
})
afterEach(() => app.stop())

const { id } = tmuxSession()
const post = async (path: string, body: object = {}) => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(app.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: response.status, body: (await response.json()) as any }
}
const askToken = (body: object = {}, of = id) => post(`/api/fleet/tmux/${of}/kill-token`, body)
const kill = (token: string, of = id) => post(`/api/fleet/tmux/${of}/kill`, { token })
const confirmAndKill = async (body: object = {}) => kill((await askToken(body)).body.token)
const outcomes = () => kit.audited.map(({ outcome }) => outcome)

describe('a token', () => {
  test('is given for a legacy tmux session, for 60 s', async () => {
    expect(await askToken()).toEqual({
      status: 200,
      body: { token: 'ticket-1', expires: '2026-11-20T03:01:00.000Z' },
    })
  })

  test('is given for an active one only when that is said', async () => {
    kit.state.hosts = [fleetHost({ tmux: [tmuxSession({ status: 'active', attached: true })] })]
    expect(await askToken()).toMatchObject({
      status: 409,
      body: {
        code: 'active',
        detail: expect.stringContaining('"chat" is active (somebody is attached to it)'),
      },
    })
    expect((await askToken({ active: true })).status).toBe(200)
  })

  const section = (tmux: Host['sections'][string]) => ({ sections: { tmux } })
  test.each<[string, Partial<Host>, string]>([
    [
      'is offline',
      { status: 'offline', detail: 'No answer on port 22.' },
      'gpu1 is offline: nothing can be killed there. No answer on port 22.',
    ],
    ['never told its tmux sessions', { sections: {} }, 'The tmux sessions of gpu1 have not been read yet.'],
    [
      'could not tell them in its newest poll',
      section({ ok: false, age_s: 40, error: 'It took too long.' }),
      'The tmux sessions of gpu1 could not be read in the newest poll, so nobody knows what is there now. It took too long.',
    ],
    [
      'told them long ago',
      section({ ok: true, age_s: 400 }),
      'The tmux sessions of gpu1 were last read 400 s ago, which is too old to kill by.',
    ],
  ])('is not given while the host %s', async (_what, host, detail) => {
    kit.state.hosts = [fleetHost(host)]
    expect(await askToken({ active: true })).toMatchObject({ status: 409, body: { code: 'stale', detail } })
  })

  test('is not given where two accounts claim its tmux server', async () => {
    const claimed = tmuxSession({ id: 'gpu1:1001:4242.7.1795000000', user: 'mallory', name: 'junk' })
    kit.state.hosts = [fleetHost({ tmux: [tmuxSession(), claimed] })]
    for (const one of [id, claimed.id])
      expect(await askToken({ active: true }, one)).toMatchObject({
        status: 409,
        body: { code: 'stale', detail: expect.stringContaining('Two accounts of gpu1 claim') },
      })
  })

  test.each([
    ['was made anew under the same name', 'gpu1:1000:4242.8.1795000100'],
    ['has the same number, but of another server', 'gpu1:1000:9999.7.1795000000'],
    ['has the same number, but was created later', 'gpu1:1000:4242.7.1795000500'],
    ['is on a host that is not there', 'gpu9:1000:4242.7.1795000000'],
    ['is no id', 'chat'],
  ])('is not given for one that %s', async (_what, other) => {
    expect(await askToken({ active: true }, other)).toMatchObject({ status: 404 })
  })
})

describe('a kill', () => {
  test('sends number, time of creation and server, once, and has the host polled', async () => {
    expect(await confirmAndKill()).toEqual({ status: 200, body: { killed: true, survivors: [] } })
    expect(kit.state.killed).toEqual(['gpu1 7 1795000000 4242'])
    expect(kit.state.refreshed).toEqual(['gpu1'])
  })

  test('tells what outlived it, and the GPU memory that it still holds', async () => {
    kit.state.answer = killAnswer('kill killed', 'survivor 812 20480 python train.py', 'survivor 813 - sleep')
    expect((await confirmAndKill()).body).toEqual({
      killed: true,
      survivors: [
        { pid: 812, name: 'python train.py', gpu_memory_mb: 20480 },
        { pid: 813, name: 'sleep', gpu_memory_mb: null },
      ],
    })
  })

  test.each([
    ['is gone', 3, 'kill gone', 'It was gone already.'],
    [
      'is another one',
      4,
      'kill changed',
      'It was gone already, and another one has its number now; that one was left alone.',
    ],
  ])('of one that %s is no failure, and kills nothing', async (_what, exitCode, line, detail) => {
    kit.state.answer = { ...killAnswer(line), exitCode }
    expect(await confirmAndKill()).toEqual({ status: 200, body: { killed: false, survivors: [], detail } })
    expect(outcomes()).toEqual(['requested', 'gone'])
  })

  test('leaves a record of what, where and by whom', async () => {
    await confirmAndKill()
    const common = { action: 'fleet.kill', by: 'loopback', source: 'loopback', subject: id }
    expect(kit.audited).toMatchObject([
      { ...common, outcome: 'requested', detail: 'tmux session "chat" of ana on gpu1' },
      { ...common, outcome: 'killed', detail: 'tmux session "chat" of ana on gpu1' },
    ])
  })

  test('leaves on record that it was confirmed as active', async () => {
    kit.state.hosts = [fleetHost({ tmux: [tmuxSession({ status: 'active', attached: true })] })]
    await confirmAndKill({ active: true })
    const detail = 'tmux session "chat" of ana on gpu1, confirmed as active'
    expect(kit.audited.map((record) => record.detail)).toEqual([detail, detail])
  })
})

describe('a kill is refused, and sends nothing,', () => {
  afterEach(() => expect(kit.state.killed).toEqual([]))

  test('without a right token', async () => {
    expect(await kill('ticket-99')).toMatchObject({ status: 410, body: { code: 'expired' } })
    expect(outcomes()).toEqual(['expired'])
    expect((await post(`/api/fleet/tmux/${id}/kill`, {})).status).toBe(400)
  })

  test('with one that has expired', async () => {
    const { token } = (await askToken()).body
    kit.clock.now += 60_000
    expect((await kill(token)).status).toBe(410)
  })

  test('with that of another tmux session, which is used up by it', async () => {
    const { token } = (await askToken()).body
    expect(await kill(token, 'gpu1:1000:4242.8.1795000100')).toMatchObject({ status: 403 })
    expect((await kill(token)).status).toBe(410)
    expect(outcomes()).toEqual(['forbidden', 'expired'])
  })

  test.each([
    ['another name', { name: 'ben', source: 'loopback' }],
    ['the same name by another source', { name: 'loopback', source: 'token' }],
  ])('with a token of %s, which is used up by it', async (_what, killer) => {
    const { token } = (await askToken()).body
    const ignore = () => undefined
    await expect(kit.kill.kill(id, token, killer, ignore)).rejects.toMatchObject({ code: 'forbidden' })
    expect((await kill(token)).status).toBe(410)
  })

  test.each([
    ['attached', { attached: true, clients: 1 }],
    ['attached and left', {}],
  ])('when somebody %s meanwhile to what was legacy', async (_what, more) => {
    const { token } = (await askToken()).body
    kit.state.hosts = [fleetHost({ tmux: [tmuxSession({ status: 'active', ...more })] })]
    expect(await kill(token)).toMatchObject({ status: 409, body: { code: 'active' } })
  })

  test('when another account claims its tmux server meanwhile', async () => {
    const { token } = (await askToken({ active: true })).body
    const claimed = tmuxSession({ id: 'gpu1:1001:4242.9.1795000009', user: 'mallory' })
    kit.state.hosts = [fleetHost({ tmux: [tmuxSession(), claimed] })]
    expect(await kill(token)).toMatchObject({ status: 409, body: { code: 'stale' } })
  })
})

test('a token is good for one of two at the same moment', async () => {
  const { token } = (await askToken()).body
  const answers = await Promise.all([kill(token), kill(token), kill(token)])
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 410, 410])
  expect(kit.state.killed).toHaveLength(1)
})

describe('where the far side fails', () => {
  const failed = (failedLeg: ExecResult['failedLeg'], failure: string, stdout = ''): ExecResult => ({
    ...{ exitCode: null, stdout, stderr: '', truncated: false, durationMs: 5 },
    ...(failedLeg !== undefined && { failedLeg, failure }),
  })
  const header = 'breakglass-probe 1 0123456789abcdef\n'

  test.each<[string, ExecResult, string, string, string | undefined]>([
    [
      'it is not reached',
      failed('tcp', 'No answer.'),
      'unreachable',
      'nothing was killed: No answer.',
      'tcp',
    ],
    [
      'the key is refused',
      failed('auth', 'Key refused.'),
      'unreachable',
      'nothing was killed: Key refused.',
      'auth',
    ],
    ['contact is lost', failed('lost', 'Lost.'), 'unknown', 'It may have been killed: Lost. Look at', 'lost'],
    [
      'it takes too long',
      failed('timeout', 'Late.', header),
      'unknown',
      'It may have been killed: Late.',
      'timeout',
    ],
    [
      'there is no probe',
      { ...failed(undefined, ''), exitCode: 127, stderr: 'breakglass-probe: not found' },
      'failed',
      'Nothing was killed. The probe is not installed there',
      undefined,
    ],
    [
      'the probe is cut off',
      { ...failed(undefined, '', header), exitCode: 1 },
      'unknown',
      'It may have been',
      undefined,
    ],
    [
      'the probe is cut off below a banner',
      { ...failed(undefined, '', `Welcome to gpu1!\n${header}`), exitCode: 137 },
      'unknown',
      'It may have been killed: ',
      undefined,
    ],
    [
      'its tmux server says no more',
      { ...killAnswer('kill unknown its tmux server does not answer any more'), exitCode: 1 },
      'unknown',
      'It may have been killed: its tmux server does not answer any more. Look at the next poll.',
      undefined,
    ],
    [
      'tmux refuses',
      { ...killAnswer('kill failed permission denied'), exitCode: 1 },
      'failed',
      'tmux did not kill it: permission denied',
      undefined,
    ],
  ])('%s is told as what it is, and never tried again', async (_what, answer, code, detail, leg) => {
    kit.state.answer = answer
    const { status, body } = await confirmAndKill()
    expect({ status, code: body.code, failed_leg: body.failed_leg }).toEqual({
      status: 502,
      code,
      failed_leg: leg,
    })
    expect(body.detail).toContain(detail)
    expect(kit.state.killed).toHaveLength(1)
    expect(kit.state.refreshed).toEqual(['gpu1'])
    expect(outcomes()).toEqual(['requested', code])
  })
})
