import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { operationSchema, powerResultSchema, vmSchema } from '#app/schema/api.ts'
import { startPowerApi, type PowerApi } from '../fakes/powerApi.ts'

const op = '0123456789abcdef0123456789abcdef'
const other = 'f'.repeat(32)

let api: PowerApi
beforeEach(async () => {
  api = await startPowerApi()
})
afterEach(() => api.stop())

it('lists the verbs', async () => {
  expect(await api.call('GET', '/api/pve/verbs')).toEqual({
    status: 200,
    body: {
      verbs: ['status', 'forensics', 'reset', 'stop', 'start', 'cycle'],
      mutating: ['cycle', 'reset', 'start', 'stop'],
    },
  })
})

it('shows the VM with its state, its age and that it is simulated', async () => {
  const { status, body } = await api.call('GET', '/api/vms')
  expect(status).toBe(200)
  expect(vmSchema.parse(body[0])).toMatchObject({ vm: 'demo', state: 'running', wedged: false, demo: true })
  expect(Date.now() - Date.parse(body[0].state_at)).toBeLessThan(60_000)
})

it('runs a verb on the default VM, and tells the audit when it mutates', async () => {
  const read = await api.call('POST', '/api/pve/status')
  expect(read.status).toBe(200)
  expect(powerResultSchema.parse(read.body)).toMatchObject({
    verb: 'status',
    exit_code: 0,
    outcome: 'done',
    rejected: false,
  })
  expect(api.audited).toEqual([])
  const reset = await api.call('POST', '/api/pve/reset')
  expect(reset.status).toBe(200)
  expect(api.audited).toMatchObject([
    { action: 'power.reset', by: 'operator', subject: 'demo', op: reset.body.op, outcome: 'requested' },
    { action: 'power.reset', by: 'operator', subject: 'demo', op: reset.body.op, outcome: 'done' },
  ])
})

it.each([
  ['/api/pve/shutdown', 400],
  ['/api/pve/STATUS', 400],
  ['/api/pve/status%20stop', 400],
  ['/api/pve/verbs', 400],
  ['/api/vms/demo/shutdown', 400],
  ['/api/vms/nobody/shutdown', 400],
  ['/api/vms/nobody/status', 404],
  ['/api/vms/constructor/cycle', 404],
])('answers POST %s with %i, without any SSH', async (path, expected) => {
  const { status, body } = await api.call('POST', path)
  expect(status).toBe(expected)
  expect(body.detail).toEqual(expect.any(String))
  expect(api.proxy.taken()).toBe(0)
  expect(api.audited).toEqual([])
})

it('answers a malformed op with 400, without any SSH', async () => {
  const { status } = await api.call('POST', '/api/vms/demo/cycle', { op: 'x; id' })
  expect(status).toBe(400)
  expect(api.proxy.taken()).toBe(0)
})

it('answers a second operation 409 in the same shape, and a verb that fails 502', async () => {
  const first = api.call('POST', '/api/vms/demo/cycle', { op })
  await vi.waitFor(async () =>
    expect((await api.call('GET', '/api/vms/demo/operations')).body).toMatchObject([
      { op, state: 'running' },
    ]),
  )
  const taken = api.proxy.taken()
  const second = await api.call('POST', '/api/vms/demo/stop', { op: other })
  expect(second.status).toBe(409)
  expect(powerResultSchema.parse(second.body)).toMatchObject({
    ...{ exit_code: null, rejected: true, outcome: 'refused', code: 'busy', op },
  })
  expect(api.proxy.taken()).toBe(taken)
  expect((await first).body).toMatchObject({ op, outcome: 'done', exit_code: 0 })
  expect(api.audited.map(({ outcome }) => outcome)).toContain('refused')

  const failed = await api.call('POST', '/api/vms/demo/start')
  expect(failed.status).toBe(502)
  expect(failed.body).toMatchObject({ outcome: 'failed', exit_code: 70, rejected: false })
  expect(failed.body.stderr).toContain('VM 100 already running')
  expect((await api.call('GET', '/api/vms/demo/operations')).body).toMatchObject([
    { outcome: 'failed' },
    { op, outcome: 'done' },
  ])
})

it('answers an unreachable hypervisor with 502, refused, and the leg', async () => {
  await api.proxy.refuse()
  const { status, body } = await api.call('POST', '/api/pve/cycle')
  expect(status).toBe(502)
  expect(body).toMatchObject({ outcome: 'refused', rejected: true, exit_code: null, failed_leg: 'tcp' })
  expect(body.stderr).toContain('127.0.0.1')
  expect((await api.call('GET', '/api/vms')).body[0]).toMatchObject({ state: 'unknown', state_at: null })
})

it('tells whether the hypervisor can be reached, and by which leg not', async () => {
  const [before] = (await api.call('GET', '/api/vms')).body
  expect(vmSchema.parse(before).hypervisor).toMatchObject({ name: 'demo', reachable: true })
  await api.restart()
  await api.proxy.refuse()
  const [after] = (await api.call('GET', '/api/vms')).body
  expect(vmSchema.parse(after).hypervisor).toMatchObject({
    ...{ name: 'demo', reachable: false, failed_leg: 'tcp' },
    detail: expect.stringContaining('127.0.0.1'),
    checked_at: expect.any(String),
  })
})

it('shows what goes down with a VM', async () => {
  expect((await api.call('GET', '/api/vms')).body[0]).not.toHaveProperty('carries')
  await api.restart({ wrap: (vm) => ({ ...vm, carries: ['the VPN'] }) })
  expect((await api.call('GET', '/api/vms')).body[0]).toMatchObject({ carries: ['the VPN'] })
})

it('tells the steps of an operation, and gives the report that was made before it', async () => {
  const answer = await api.call('POST', '/api/vms/demo/cycle', { op })
  expect(answer.body.stdout).not.toContain('@phase')
  const { body } = await api.call('GET', `/api/vms/demo/operations/${op}`)
  const { phases, forensics } = operationSchema.parse(body)
  expect(phases?.map(({ phase }) => phase)).toEqual(['preflight', 'forensics', 'stop', 'start'])
  expect(forensics).toBe(true)
  const path = `/api/vms/demo/operations/${op}/forensics`
  const report = await api.call('GET', path)
  expect(report.status).toBe(200)
  expect(report.body).toMatch(/^== \w+ \(ok, /m)
  expect(report.body).not.toContain('"exit_code"')
  // Whoever asks again is given the same one, and not one of now.
  expect((await api.call('GET', path)).body).toBe(report.body)
  expect((await fetch(api.url + path)).headers.get('content-type')).toContain('text/plain')

  expect(await api.call('GET', `/api/vms/demo/operations/${other}/forensics`)).toMatchObject({ status: 404 })
  expect(await api.call('GET', '/api/vms/demo/operations/x/forensics')).toMatchObject({ status: 400 })
  await api.proxy.refuse()
  expect(await api.call('GET', path)).toMatchObject({
    ...{ status: 503, body: { code: 'hypervisor_unreachable' } },
  })
})

it('tells why the hypervisor would not even begin, in a word and a sentence', async () => {
  await writeFile(join(api.demo.folder, 'lock'), 'backup\n')
  const { status, body } = await api.call('POST', '/api/vms/demo/cycle', { op })
  expect(status).toBe(502)
  expect(powerResultSchema.parse(body)).toMatchObject({
    ...{ outcome: 'refused', rejected: true, exit_code: null, reason: 'locked' },
    stderr: expect.stringContaining('backup'),
  })
  const told = (await api.call('GET', `/api/vms/demo/operations/${op}`)).body
  expect(told).toMatchObject({ outcome: 'refused', detail: expect.stringContaining('backup') })
  expect((await api.call('GET', '/api/vms')).body).toMatchObject([{ locked: 'backup' }])
  expect(await api.starts()).toBe(1)
})

it("attaches to the VM's own log, and to no other", async () => {
  await fetch(`${api.url}/api/vms/demo/stream`)
  expect(api.attached).toEqual(['vm:demo'])
  expect((await fetch(`${api.url}/api/vms/nobody/stream`)).status).toBe(404)
  expect((await fetch(`${api.url}/api/vms/nobody/operations`)).status).toBe(404)
  expect(api.attached).toEqual(['vm:demo'])
})

it('says how to configure a VM where there is none', async () => {
  await api.restart({ withoutVms: true })
  for (const [method, path] of [
    ['GET', '/api/pve/verbs'],
    ['POST', '/api/pve/status'],
  ] as const) {
    const { status, body } = await api.call(method, path)
    expect(status).toBe(404)
    expect(body.detail).toContain('BREAKGLASS_CONFIG')
  }
  expect(await api.call('GET', '/api/vms')).toEqual({ status: 200, body: [] })
})
