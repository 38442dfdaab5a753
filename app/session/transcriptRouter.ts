import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { AppError } from '#app/errors.ts'
import type { EventLog } from '#app/eventlog/EventLog.ts'
import { route, type Route, type RouteInput } from '#app/http/Route.ts'
import { eventsPageSchema } from '#app/schema/api.ts'
import { eventsPage } from '#app/http/eventsPage.ts'
import { parseEvents, streamOf, type SessionStore } from './SessionStore.ts'
import { toMarkdown } from './toMarkdown.ts'

export interface TranscriptRouterDeps {
  log: EventLog
  store: SessionStore
  /** Attaches the client to a stream and returns when it has gone. */
  attach: (
    stream: string,
    input: RouteInput<unknown, { after?: string | undefined }, unknown>,
  ) => Promise<void>
  /** The whole output of a call whose event was capped, in pieces; null where none is kept, or not any more. */
  readOutput: (sessionId: string, call: string) => Promise<AsyncIterable<{ text: string }> | null>
}

const sessionId = z.object({ id: z.string() })
const position = z.object({ after: z.string().max(100).optional() })
const notKept =
  '[The whole output is not kept (any more): the oldest make room for newer ones. Its head and its tail:]'
const notFound = { description: 'There is no such session.' }

/** What was said in a session: its stream, its pages, whole outputs, and the transcript as a file. */
export function transcriptRoutes({ log, store, attach, readOutput }: TranscriptRouterDeps): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/session/:id/stream',
      access: 'viewer',
      summary: 'Attach: replay from a position, then follow (SSE)',
      params: sessionId,
      query: position,
      answers: { 200: { description: 'Events.', contentType: 'text/event-stream' }, 404: notFound },
      handle: (input) => attach(streamOf(input.params.id), input),
    }),
    route({
      method: 'get',
      path: '/api/session/:id/events',
      access: 'viewer',
      summary: 'A page of events; `wait` long-polls',
      params: sessionId,
      query: position.extend({
        limit: z.coerce.number().int().min(1).max(5000).default(1000),
        wait: z.coerce.number().min(0).max(60).default(0),
      }),
      answers: { 200: { description: 'A page.', schema: eventsPageSchema }, 404: notFound },
      async handle({ params, query, signal, response }) {
        const { after, limit, wait } = query
        const page = await eventsPage(log, streamOf(params.id), { after, limit, waitMs: wait * 1000, signal })
        response.type('application/json').send(page)
      },
    }),
    route({
      method: 'get',
      path: '/api/session/:id/output/:seq',
      access: 'viewer',
      summary: 'The whole output that an event capped',
      params: sessionId.extend({ seq: z.coerce.number().int().positive() }),
      answers: { 200: { description: 'Text.', contentType: 'text/plain' }, 404: notFound },
      async handle({ params, signal, response }) {
        const { batch } = await log.page(streamOf(params.id), params.seq - 1, 1)
        const event = batch?.first === params.seq ? parseEvents(batch)[0] : undefined
        if (event?.kind !== 'tool_output')
          throw new AppError('not_found', 'There is no output at this place.')
        response.type('text/plain')
        const headAndTail = `${event.stdout}${event.stderr}`
        if (event.output_bytes === undefined) return void response.send(headAndTail)
        const pieces = await readOutput(params.id, event.call)
        if (pieces === null) return void response.send(`${notKept}\n\n${headAndTail}`)
        // The response waits for its client, and the pieces for the response. Who goes away has had enough.
        await pipeline(Readable.from(textsOf(pieces)), response, { signal }).catch((error: unknown) => {
          if (!signal.aborted && !response.destroyed) throw error
        })
      },
    }),
    route({
      method: 'get',
      path: '/api/session/:id/export',
      access: 'viewer',
      summary: 'The transcript as Markdown or JSON',
      params: sessionId,
      query: z.object({ format: z.enum(['md', 'json']).default('md') }),
      answers: { 200: { description: 'The transcript.', contentType: 'text/markdown' }, 404: notFound },
      async handle({ params, query, response }) {
        const { state } = await store.fold(params.id)
        if (state.head === 0) throw new AppError('not_found', 'There is no such session.')
        const { events } = await store.events(params.id)
        response.attachment(`breakglass-${state.sessionId}.${query.format}`)
        // What a running call printed is told whole by its end.
        if (query.format === 'json') response.json(events.filter(({ kind }) => kind !== 'progress'))
        else response.type('text/markdown').send(toMarkdown(state.title, events))
      },
    }),
  ]
}

async function* textsOf(pieces: AsyncIterable<{ text: string }>): AsyncGenerator<string> {
  for await (const { text } of pieces) yield text
}
