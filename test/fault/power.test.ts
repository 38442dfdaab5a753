import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBreakglass, type Breakglass } from '../fakes/breakglass.ts'

/** A port of loopback that nothing listens on. */
async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  // A server that listens on a port has an AddressInfo.
  const { port } = server.address() as AddressInfo
  await new Promise((closed) => server.close(closed))
  return port
}

describe('Redis is gone and there is no model', () => {
  let server: Breakglass
  beforeAll(async () => {
    server = await startBreakglass({ REDIS_URL: `redis://127.0.0.1:${await closedPort()}` })
  })
  afterAll(() => server.stop())

  test('status works', async () => {
    const answer = await server.api('POST', '/api/pve/status')
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({ verb: 'status', exit_code: 0, outcome: 'done', rejected: false })
  })

  test('cycle works, is remembered, and the same op is not run again', async () => {
    const op = 'c'.repeat(32)
    const answer = await server.api('POST', '/api/vms/demo/cycle', { op })
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({ verb: 'cycle', exit_code: 0, outcome: 'done', op })
    const [last] = (await server.api('GET', '/api/vms/demo/operations')).json
    expect(last).toMatchObject({ op, state: 'ended', outcome: 'done' })
    expect((await server.api('POST', '/api/vms/demo/cycle', { op })).json).toEqual(answer.json)
    expect((await server.api('GET', '/api/vms/demo/operations')).json).toHaveLength(1)
  })

  test('its steps and the report from before it are there, and so is the state of the hypervisor', async () => {
    const op = 'c'.repeat(32)
    const { json } = await server.api('GET', `/api/vms/demo/operations/${op}`)
    expect(json.phases.map(({ phase }: { phase: string }) => phase)).toContain('stop')
    const report = await server.api('GET', `/api/vms/demo/operations/${op}/forensics`)
    expect([report.status, report.text]).toEqual([200, expect.stringContaining('== ')])
    const [vm] = (await server.api('GET', '/api/vms')).json
    expect(vm).toMatchObject({ state: 'running', hypervisor: { reachable: true } })
  })

  test('what needs the log says so at once', async () => {
    const answer = await server.api('POST', '/api/session', {})
    expect([answer.status, answer.json.code]).toEqual([503, 'log_unavailable'])
  })

  test('the process is alive but not ready, and says why', async () => {
    expect((await server.api('GET', '/healthz')).status).toBe(200)
    const ready = await server.api('GET', '/readyz')
    expect(ready.status).toBe(503)
    expect(ready.json.detail).toMatch(/log/)
  })
})
