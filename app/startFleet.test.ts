import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeConfigFolder, type ConfigFolder } from '../test/fakes/configFolder.ts'
import { startTestApp, type TestApp } from '../test/fakes/testApp.ts'
import { createLogger } from '#app/logger.ts'
import { hostSchema } from '#app/schema/fleet.ts'
import { startFleet, type FleetPath } from './startFleet.ts'

let folder: ConfigFolder
let app: TestApp
let fleet: FleetPath
let text = ''
beforeEach(async () => {
  folder = await makeConfigFolder()
  text = ''
})
afterEach(async () => {
  await fleet.stop(5_000)
  await app.stop()
  await folder.remove()
})

async function start(redisUrl?: string) {
  const settings = { ...(await folder.load(undefined)), ...(redisUrl !== undefined && { redisUrl }) }
  const logger = await createLogger({
    destination: { write: (line: string) => void (text += line) },
  })
  fleet = startFleet({
    ...{ current: () => settings, replica: 'one', logger, audit: () => undefined },
    ...{ board: { tell: () => undefined }, probe: '/nowhere/probe' },
  })
  app = await startTestApp('loopback', fleet.routes)
}
const get = async (path: string) => {
  const response = await fetch(app.url + path)
  return { status: response.status, body: (await response.json()) as any }
}

test('requests wait until the fleet is open; a probe that is not there is told as that', async () => {
  await start()
  const early = get('/api/fleet/hosts')
  fleet.begin()
  const { status, body } = await early
  expect(status).toBe(200)
  expect(hostSchema.array().parse(body)).toMatchObject([{ name: 'local', local: true }])
  await expect
    .poll(async () => (await get('/api/fleet/hosts/local')).body.detail, { timeout: 10_000 })
    .toMatch(/probe/i)
})

test('a fleet that cannot be started is told in a sentence, and the rest answers', async () => {
  await start('redis://127.0.0.1:no-port')
  fleet.begin()
  for (const path of ['/api/fleet/hosts', '/api/alerts', '/api/fleet/tmux'])
    expect(await get(path)).toMatchObject({ status: 503, body: { code: 'not_ready' } })
  expect((await get('/api/fleet')).status).toBe(200)
  expect((await get('/api/things')).status).toBe(200)
  expect(text).toContain('the fleet is not watched')
})

test('one that was never begun is stopped at once, and says so', async () => {
  await start()
  const waiting = get('/api/fleet/hosts')
  await fleet.stop(5_000)
  expect(await waiting).toMatchObject({ status: 503, body: { code: 'draining' } })
})
