import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBreakglass, until, type Breakglass } from '../fakes/breakglass.ts'
import { hostKey } from '../fakes/configFolder.ts'
import { freePort } from '../fakes/redisServer.ts'
import { openSse } from '../fakes/sseClient.ts'

let folder: string
let port: number
let server: Breakglass
const file = () => join(folder, 'b.yaml')
const host = (name: string) => `${name}: {host: 127.0.0.1, port: ${port}, host_keys: ["${hostKey}"]}`
/** As an editor writes it: whole, at once. */
async function configure(hosts: string[], more = ''): Promise<void> {
  const thresholds = 'thresholds: {offline_polls: 1, for_polls: 2}'
  const yaml = `fleet: {interval_s: 5, ${thresholds}, hosts: {${hosts.map(host).join(', ')}}}\n${more}`
  await writeFile(`${file()}.new`, yaml)
  await rename(`${file()}.new`, file())
}
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakglass-reload-'))
  port = await freePort()
  await configure(['gpu1'])
  server = await startBreakglass({ BREAKGLASS_CONFIG: file(), SSH_AUTH_SOCK: '/nowhere' })
})
afterAll(async () => {
  await server?.stop()
  await rm(folder, { recursive: true, maxRetries: 10, retryDelay: 200 })
})
const get = async (path: string) => (await server.api('GET', path)).json

// In this file the order counts: the configuration changes from test to test.
test('a host that cannot be reached is offline with its leg, and an alert on the board', async () => {
  const board = await openSse(`${server.url}/api/board/stream?after=0`)
  expect(await get('/api/fleet')).toEqual({ configured: true, hosts: 1, alerts_enabled: true })
  const [alert] = await until('the alert', async () => {
    await server.api('POST', '/api/fleet/hosts/gpu1/poll')
    const all = await get('/api/alerts')
    return all.length > 0 && all
  })
  expect(alert).toMatchObject({ type: 'host_offline', host: 'gpu1', acknowledged: false })
  expect(await get('/api/fleet/hosts/gpu1')).toMatchObject({
    status: 'offline',
    failed_leg: 'tcp',
    last_seen: null,
  })
  await until('the board tells both', () => {
    const kinds = board.events().map(({ kind }) => kind)
    return kinds.includes('hosts_update') && kinds.includes('alert_new')
  })
  board.close()
})

test('another host in the file is polled; the first keeps its alert', async () => {
  const before = await get('/api/alerts')
  await configure(['gpu1', 'gpu2'])
  const host = await until('the first poll of gpu2', async () => {
    const found = await get('/api/fleet/hosts/gpu2')
    return found.polled_at && found
  })
  expect(host).toMatchObject({ status: 'offline' })
  const ids = (await get('/api/alerts')).map((one: { id: string }) => one.id)
  expect(ids).toContain(before[0].id)
})

test('a host that is gone from the file is gone, with its alerts', async () => {
  await configure(['gpu2'])
  await until('gpu1 is gone', async () => (await server.api('GET', '/api/fleet/hosts/gpu1')).status === 404)
  const hosts = (await get('/api/alerts')).map((one: { host: string }) => one.host)
  expect(hosts).not.toContain('gpu1')
})

test('alerts that are switched off are gone, and come back from new', async () => {
  const [before] = await get('/api/alerts')
  await configure(['gpu2'], 'alerts: {enabled: false}\n')
  await until('they are off', async () => (await get('/api/fleet')).alerts_enabled === false)
  await server.api('POST', '/api/fleet/hosts/gpu2/poll')
  expect(await get('/api/alerts')).toEqual([])
  await configure(['gpu2'])
  await until('they are on', async () => (await get('/api/fleet')).alerts_enabled === true)
  const begun = await until('the alert', async () => {
    await server.api('POST', '/api/fleet/hosts/gpu2/poll')
    const all = await get('/api/alerts')
    return all.length > 0 && all.map(({ created }: { created: string }) => created)
  })
  expect(begun).not.toContain(before?.created)
})
