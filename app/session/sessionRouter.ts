import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Audit } from '#app/audit/record.ts'
import { AppError } from '#app/errors.ts'
import type { EventLog } from '#app/eventlog/EventLog.ts'
import { route, type Route, type RouteInput } from '#app/http/Route.ts'
import {
  createSessionSchema,
  promptEndedSchema,
  promptSchema,
  promptStartedSchema,
  sessionSchema,
} from '#app/schema/api.ts'
import { cancelTurn } from './cancelTurn.ts'
import { assertKnown, assertRunsOn, promptOf, type PromptChoices } from './promptOf.ts'
import { listSessions, toSession } from './sessionList.ts'
import type { SessionStore } from './SessionStore.ts'
import { newTurnId } from './turnId.ts'
import { waitForTurn } from './waitForTurn.ts'

export interface SessionRouterDeps {
  log: EventLog
  store: SessionStore
  replica: string
  choices: () => PromptChoices
  /** What a new session gets where the request names nothing. */
  defaults: () => { agent: string; model: string; target: string }
  /** Stops the session's turn if it runs in this process; needs no log. */
  cancelHere: (sessionId: string, by: string) => boolean
  startTurn: (task: { sessionId: string; turn: string }) => void
  /** Hides secrets: what is said here goes into the log and to models. */
  redact: (text: string) => string
  /** True once the server is on its way out. */
  draining: () => boolean
  audit: Audit
}

const sessionId = z.object({ id: z.string() })
const flag = z.enum(['0', '1', 'true', 'false']).transform((value) => value === '1' || value === 'true')
const listQuery = z.object({
  q: z.string().max(200).optional(),
  after: z.iso.datetime().optional(),
  archived: flag.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})
const promptQuery = z.object({ wait: z.coerce.number().min(0).max(60).default(0) })
const notFound = { description: 'There is no such session.' }

/** Sessions: begin, list, prompt, stop, archive. Their streams and exports are in `transcriptRouter.ts`. */
export function sessionRoutes(deps: SessionRouterDeps): Route[] {
  const { log, store } = deps
  const known = async (id: string) => {
    const folded = await store.fold(id)
    if (folded.state.head === 0) throw new AppError('not_found', 'There is no such session.')
    return folded
  }
  const refuseWhileDraining = () => {
    if (deps.draining()) throw new AppError('draining', 'The server is stopping. Try again in a moment.')
  }
  const audit = (
    action: string,
    input: RouteInput<unknown, unknown, unknown>,
    subject: string,
    outcome: string,
  ) =>
    deps.audit({
      action,
      by: input.identity.name,
      source: input.identity.source,
      request_id: input.requestId,
      subject,
      outcome,
    })

  return [
    route({
      method: 'post',
      path: '/api/session',
      access: 'operator',
      summary: 'Begin a session',
      body: createSessionSchema,
      answers: { 201: { description: 'Begun.', schema: z.object({ session_id: z.string() }) } },
      async handle(input) {
        refuseWhileDraining()
        const { model, ...defaults } = deps.defaults()
        const { agent = defaults.agent, target = defaults.target } = input.body
        assertKnown('target', input.body.target, deps.choices().targets)
        assertKnown('agent', input.body.agent, deps.choices().agents)
        const id = randomBytes(8).toString('hex')
        await store.execute(id, { type: 'create', sessionId: id, agent, model, target })
        audit('session.create', input, id, 'done')
        return { status: 201, body: { session_id: id } }
      },
    }),
    route({
      method: 'get',
      path: '/api/sessions',
      access: 'viewer',
      summary: 'Sessions, most recently changed first',
      query: listQuery,
      answers: { 200: { description: 'Sessions.', schema: z.array(sessionSchema) } },
      async handle({ query }) {
        return { body: await listSessions(log, store, query) }
      },
    }),
    route({
      method: 'get',
      path: '/api/session/:id',
      access: 'viewer',
      summary: 'One session',
      params: sessionId,
      answers: { 200: { description: 'The session.', schema: sessionSchema }, 404: notFound },
      async handle({ params }) {
        return { body: toSession((await known(params.id)).state) }
      },
    }),
    route({
      method: 'post',
      path: '/api/session/:id/prompt',
      access: 'operator',
      summary: 'Start a turn',
      params: sessionId,
      query: promptQuery,
      body: promptSchema,
      answers: {
        202: { description: 'The turn was started.', schema: promptStartedSchema },
        200: { description: 'The turn ended within `wait`.', schema: promptEndedSchema },
        404: notFound,
        409: { description: 'A turn is running (`busy`), or the session is archived.' },
      },
      async handle(input) {
        const { params, query, body, identity, request, signal } = input
        refuseWhileDraining()
        const choices = deps.choices()
        const prompt = promptOf(body, choices)
        const idempotencyKey = keyOf(request.get('idempotency-key'))
        assertRunsOn(prompt, (await known(params.id)).state.target, choices)
        const done = await store.execute(params.id, {
          type: 'prompt',
          ...prompt,
          text: deps.redact(prompt.text),
          by: identity.name,
          turn: newTurnId(deps.replica, idempotencyKey),
          ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
        })
        const turn = done.turn ?? ''
        if (done.events > 0) {
          audit('session.prompt', input, params.id, 'started')
          deps.startTurn({ sessionId: params.id, turn })
        }
        if (query.wait > 0) {
          const waitMs = query.wait * 1000
          const after = await waitForTurn(log, store, { sessionId: params.id, turn, waitMs, signal })
          const { lastEnd, lastResult, head } = after.state
          if (lastEnd?.turn === turn) {
            const result = lastResult?.turn === turn ? { result: lastResult.result } : {}
            return { status: 200, body: { status: statusOf(lastEnd.reason), turn, head, ...result } }
          }
        }
        return { status: 202, body: { status: 'started', turn } }
      },
    }),
    route({
      method: 'post',
      path: '/api/session/:id/cancel',
      access: 'operator',
      summary: 'Stop the running turn',
      params: sessionId,
      answers: {
        200: {
          description: 'Whether there was a turn to stop.',
          schema: z.object({ cancelled: z.boolean() }),
        },
        404: notFound,
      },
      async handle(input) {
        const { id } = input.params
        const { cancelled, events } = await cancelTurn(deps, id, input.identity.name)
        if (events > 0) audit('session.cancel', input, id, 'done')
        return { body: { cancelled } }
      },
    }),
    route({
      method: 'delete',
      path: '/api/session/:id',
      access: 'operator',
      summary: 'Archive a session',
      params: sessionId,
      answers: {
        200: { description: 'Archived.', schema: z.object({ archived: z.literal(true) }) },
        404: notFound,
        409: { description: 'A turn is running.' },
      },
      async handle(input) {
        const { events } = await store.execute(input.params.id, { type: 'archive', by: input.identity.name })
        if (events > 0) audit('session.archive', input, input.params.id, 'done')
        return { body: { archived: true } }
      },
    }),
  ]
}

/** An empty key is none: else two prompts would count as one. */
function keyOf(header: string | undefined): string | undefined {
  if (header === undefined || header === '') return undefined
  if (header.length > 200) throw new AppError('bad_request', 'An Idempotency-Key has at most 200 characters.')
  return header
}

function statusOf(reason: string): 'ended' | 'cancelled' | 'failed' {
  return reason === 'done' ? 'ended' : reason === 'cancelled' ? 'cancelled' : 'failed'
}
