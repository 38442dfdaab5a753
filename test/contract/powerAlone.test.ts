import dns from 'node:dns'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EventLog } from '#app/eventlog/EventLog.ts'
import { operationSchema } from '#app/schema/api.ts'
import { startPowerApi, type PowerApi } from '../fakes/powerApi.ts'

const op = '0123456789abcdef0123456789abcdef'

let api: PowerApi
beforeEach(async () => {
  api = await startPowerApi()
})
afterEach(() => api.stop())

/** Begins a cycle and breaks its connection once the hypervisor has begun it. */
async function loseCycle() {
  const running = api.call('POST', '/api/vms/demo/cycle', { op })
  const current = join(api.demo.folder, 'operations/current')
  await vi.waitFor(async () => expect(await readFile(current, 'utf8')).toContain(op), 5000)
  api.proxy.cut()
  return running
}

describe('lost contact', () => {
  it('is unknown, then the operation tells its end, and the same op is answered without a second cycle', async () => {
    const lost = await loseCycle()
    expect(lost.status).toBe(502)
    expect(lost.body).toMatchObject({
      outcome: 'unknown',
      exit_code: null,
      rejected: false,
      failed_leg: 'lost',
      op,
    })

    const path = `/api/vms/demo/operations/${op}`
    const during = await api.call('GET', path)
    expect(operationSchema.parse(during.body).op).toBe(op)
    await vi.waitFor(
      async () =>
        expect((await api.call('GET', path)).body).toMatchObject({ state: 'ended', outcome: 'done' }),
      {
        timeout: 10_000,
        interval: 200,
      },
    )
    expect(await api.call('POST', '/api/vms/demo/cycle', { op })).toMatchObject({
      status: 200,
      body: { outcome: 'done', op },
    })
    expect(await api.starts()).toBe(2)
  })

  it('can be asked about by a server that was started since', async () => {
    await loseCycle()
    await api.restart()
    expect((await api.call('GET', '/api/vms/demo/operations')).body).toEqual([])
    const joined = await api.call('POST', '/api/vms/demo/cycle', { op })
    expect(joined).toMatchObject({ status: 200, body: { outcome: 'done', op } })
    await api.restart()
    expect((await api.call('GET', `/api/vms/demo/operations/${op}`)).body).toMatchObject({
      ...{ op, verb: 'cycle', state: 'ended', outcome: 'done', by: 'unknown' },
    })
    expect(await api.starts()).toBe(2)
  })
})

it('answers 503, not 404, for an operation that is not known here while the hypervisor is away', async () => {
  await api.proxy.refuse()
  const { status, body } = await api.call('GET', `/api/vms/demo/operations/${op}`)
  expect(status).toBe(503)
  expect(body).toMatchObject({ code: 'hypervisor_unreachable', detail: expect.stringContaining('127.0.0.1') })
})

it('answers forensics with the op of a mutation 409, and keeps that one as it is', async () => {
  await api.call('POST', '/api/vms/demo/reset', { op })
  const refused = await api.call('POST', '/api/vms/demo/forensics', { op })
  expect(refused).toMatchObject({ status: 409, body: { code: 'conflict', rejected: true } })
  const kept = await api.call('GET', `/api/vms/demo/operations/${op}`)
  expect(kept.body).toMatchObject({ verb: 'reset', outcome: 'done' })
})

it('goes on with a mutation whose client went away', async () => {
  const gone = new AbortController()
  const body = JSON.stringify({ op })
  const request = fetch(`${api.url}/api/vms/demo/cycle`, {
    ...{ method: 'POST', body, headers: { 'content-type': 'application/json' }, signal: gone.signal },
  }).catch(() => 'aborted')
  await vi.waitFor(async () =>
    expect((await api.call('GET', '/api/vms/demo/operations')).body).toMatchObject([
      { op, state: 'running' },
    ]),
  )
  gone.abort()
  expect(await request).toBe('aborted')
  await vi.waitFor(
    async () =>
      expect((await api.call('GET', `/api/vms/demo/operations/${op}`)).body).toMatchObject({
        outcome: 'done',
      }),
    { timeout: 10_000, interval: 200 },
  )
})

it.each<[string, () => Promise<never>]>([
  ['throws', () => Promise.reject(new Error('gone'))],
  ['hangs', () => new Promise<never>(() => undefined)],
])('needs no database and no audit: status and cycle work while the log %s', async (_what, broken) => {
  const log = { head: broken, append: broken } as unknown as EventLog // what power calls of it
  const audit = () => {
    throw new Error('stdout is gone')
  }
  await api.restart({ log, audit, pollEveryMs: 50 })
  expect(await api.call('POST', '/api/pve/status')).toMatchObject({ status: 200, body: { outcome: 'done' } })
  expect(await api.call('POST', '/api/pve/cycle', { op })).toMatchObject({
    status: 200,
    body: { outcome: 'done', op },
  })
  expect((await api.call('GET', `/api/vms/demo/operations/${op}`)).body).toMatchObject({ outcome: 'done' })
  expect((await api.call('GET', '/api/vms')).body).toMatchObject([{ state: 'running' }])
  expect(await api.call('GET', `/api/vms/demo/operations/${op}/forensics`)).toMatchObject({ status: 200 })
})

it('finds out an unknown end without a log, and without anyone asking', async () => {
  await api.restart({ pace: { firstMs: 200, longestMs: 500 } })
  await loseCycle()
  await vi.waitFor(async () =>
    expect((await api.call('GET', '/api/vms/demo/operations')).body).toMatchObject([
      { op, state: 'ended', outcome: 'done' },
    ]),
  )
  expect(await api.starts()).toBe(2)
})

it('looks up no name: a hypervisor with an address needs no DNS', async () => {
  const looked = vi.spyOn(dns, 'lookup').mockImplementation(() => {
    throw new Error('no DNS here')
  })
  try {
    expect(await api.call('POST', '/api/vms/demo/cycle', { op })).toMatchObject({ body: { outcome: 'done' } })
    expect((await api.call('GET', '/api/vms')).body).toMatchObject([{ state: 'running' }])
    expect(looked).not.toHaveBeenCalled()
  } finally {
    looked.mockRestore()
  }
})
