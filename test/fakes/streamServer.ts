import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type ErrorRequestHandler } from 'express'
import { AppError } from '#app/errors.ts'
import type { EventLog } from '#app/eventlog/EventLog.ts'
import { eventsPage } from '#app/http/eventsPage.ts'
import { FeedHub, type AttachOptions, type FeedLimits } from '#app/http/FeedHub.ts'
import type { Identity } from '#app/http/Route.ts'

export interface StreamServer {
  url: string
  hub: FeedHub
  server: Server
  /** What the hub logged, in order. */
  lines: { msg: string; [field: string]: unknown }[]
  stop: () => Promise<void>
}

export interface StreamServerOptions {
  limits?: Partial<FeedLimits>
  attach?: AttachOptions
  identity?: Identity
}

const operator: Identity = { name: 'operator', source: 'loopback', role: 'operator' }

/** Streams and pages of `log` over real HTTP, on a free loopback port: `/stream/<name>`, `/events/<name>`. */
export async function startStreamServer(
  log: EventLog,
  options: StreamServerOptions = {},
): Promise<StreamServer> {
  const lines: StreamServer['lines'] = []
  const keep = (fields: object, msg?: string): void => void lines.push({ msg: msg ?? '', ...fields })
  const hub = new FeedHub(log, {
    // Only these two are called, and only in this form.
    logger: { info: keep, warn: keep },
    limits: options.limits ?? {},
  })
  const app = express()
  app.get('/stream/:name', (request, response) => {
    const after = typeof request.query.after === 'string' ? request.query.after : undefined
    const attachment = { request, response, after, identity: options.identity ?? operator, requestId: 'r1' }
    return hub.attach(request.params.name, attachment, options.attach)
  })
  app.get('/events/:name', async (request, response) => {
    const { after, limit = 100, wait = 0 } = request.query
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const page = await eventsPage(log, request.params.name, {
      after: typeof after === 'string' ? after : undefined,
      limit: Number(limit),
      waitMs: Number(wait) * 1000,
      signal: gone.signal,
      allowEmpty: options.attach?.allowEmpty ?? false,
    })
    response.type('application/json').send(page)
  })
  const refuse: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
    if (!(error instanceof AppError)) throw error
    response.status(error.status).json({ detail: error.message, code: error.code })
  }
  app.use(refuse)
  const server = createServer(app)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A server that listens on a TCP port has such an address.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    hub,
    server,
    lines,
    async stop() {
      hub.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
