import { connect } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openStream } from '../../test/fakes/openStream.ts'
import { openSse } from '../../test/fakes/sseClient.ts'
import { startTestApp, type TestApp } from '../../test/fakes/testApp.ts'
import { route } from './Route.ts'

const begun = Promise.withResolvers<void>()
const slow = route({
  method: 'get',
  path: '/api/slow',
  access: 'viewer',
  summary: 'An answer that its client does not wait for',
  answers: { 200: { description: 'Never' } },
  async handle({ signal }) {
    begun.resolve()
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  },
})

let app: TestApp
beforeEach(async () => {
  app = await startTestApp('loopback', [openStream, slow])
})
afterEach(() => app.stop())

const lineOf = (path: string) =>
  vi.waitFor(() => {
    const found = app.lines().find((one) => one.msg === 'request' && one.path === path)
    expect(found).toBeDefined()
    return found
  })

test('a stream that began is told as such, not as aborted', async () => {
  const stream = await openSse(`${app.url}/api/open`)
  expect(await lineOf('/api/open')).not.toHaveProperty('aborted')
  stream.close()
})

test('a finished answer is not aborted', async () => {
  await (await fetch(`${app.url}/api/things`)).text()
  expect(await lineOf('/api/things')).not.toHaveProperty('aborted')
})

test('a client that leaves before its answer is', async () => {
  const socket = connect({ port: app.port, host: '127.0.0.1' })
  socket.write('GET /api/slow HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await begun.promise
  socket.destroy()
  expect(await lineOf('/api/slow')).toMatchObject({ aborted: true })
})
