import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { z } from 'zod'
import { createApp } from '#app/createApp.ts'
import { AppError } from '#app/errors.ts'
import { createIdentity } from '#app/http/identity.ts'
import { createHttpServer, listen } from '#app/http/listen.ts'
import { route, type Identity, type Route } from '#app/http/Route.ts'
import { createToken } from '#app/http/tokenHash.ts'
import { createLogger } from '#app/logger.ts'

export interface TestApp {
  port: number
  url: string
  /** A right token, where the app takes tokens. */
  token: string
  tokenFile: string
  uiDir: string
  /** Who called the mutating route, once per call. */
  effects: Identity[]
  /** Log lines so far, parsed. */
  lines: () => Record<string, unknown>[]
  reasons: string[]
  stop: () => Promise<void>
}

/** The real app on a free loopback port, with routes that count what they did. */
export async function startTestApp(source: 'loopback' | 'token', more: Route[] = []): Promise<TestApp> {
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-app-'))
  const { token, hash } = await createToken('operator-one')
  const tokenFile = join(folder, 'tokens')
  await writeFile(tokenFile, `# tokens\n${hash}\n`)
  let text = ''
  const destination = new Writable({
    write(piece: Buffer, _encoding, done) {
      text += piece.toString()
      done()
    },
  })
  const logger = await createLogger({ destination })
  const effects: Identity[] = []
  const reasons: string[] = []
  const address = { host: '127.0.0.1', port: 0 }
  const identity = createIdentity({ listen: address, logger, ...(source === 'token' && { tokenFile }) })
  const app = createApp({
    routes: [...testRoutes(effects), ...more],
    identity: identity.middleware,
    ready: () => reasons,
    uiDir: join(folder, 'ui'),
    logger,
    version: '0.0.0',
  })
  const server = createHttpServer(app)
  const { port } = await listen(server, address, 'BREAKGLASS_LISTEN')
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    token,
    tokenFile,
    uiDir: join(folder, 'ui'),
    effects,
    lines: () =>
      text.split('\n').flatMap((line) => (line ? [JSON.parse(line) as Record<string, unknown>] : [])),
    reasons,
    async stop() {
      identity.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true, maxRetries: 10, retryDelay: 200 })
    },
  }
}

function testRoutes(effects: Identity[]): Route[] {
  const params = z.object({ id: z.string().regex(/^[a-z]+$/, 'lower-case letters') })
  const body = z.object({ note: z.string().max(10).optional(), times: z.int().min(1).max(3).optional() })
  const thing = z.object({ id: z.string(), note: z.string().nullable() })
  return [
    route({
      method: 'get',
      path: '/api/things',
      access: 'viewer',
      summary: 'Things',
      query: z.object({ limit: z.coerce.number().int().min(1).max(100).default(10) }),
      answers: { 200: { description: 'Things', schema: z.array(thing) } },
      handle: ({ query }) => ({ body: [{ id: 'a', note: String(query.limit) }] }),
    }),
    route({
      method: 'post',
      path: '/api/things/:id',
      access: 'operator',
      summary: 'Changes a thing',
      params,
      body,
      answers: { 201: { description: 'Changed', schema: thing } },
      handle: ({ params, body, identity }) => {
        effects.push(identity)
        return { status: 201, body: { id: params.id, note: body.note ?? null } }
      },
    }),
    route({
      method: 'delete',
      path: '/api/things/:id',
      access: 'operator',
      summary: 'Removes a thing',
      params,
      answers: { 204: { description: 'Removed' } },
      handle: ({ identity }) => {
        effects.push(identity)
        return { status: 204, body: undefined }
      },
    }),
    route({
      method: 'get',
      path: '/api/fails/:how',
      access: 'viewer',
      summary: 'Fails',
      answers: { 200: { description: 'Never' } },
      handle: async ({ request, response }) => {
        if (request.params.how === 'told') throw new AppError('busy', 'It is busy.', { op: 'abc' })
        if (request.params.how === 'midway') {
          response.write('half')
          await new Promise((resolve) => setImmediate(resolve))
        }
        throw new Error('the password is hunter2')
      },
    }),
    route({
      method: 'get',
      path: '/api/stream',
      access: 'viewer',
      summary: 'A stream',
      answers: { 200: { description: 'Events', contentType: 'text/event-stream' } },
      handle: ({ response }) => {
        response.type('text/event-stream').end('data: 1\n\n')
      },
    }),
  ]
}
