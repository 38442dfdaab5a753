import { z } from 'zod'
import type { Audit } from '#app/audit/record.ts'
import { AppError } from '#app/errors.ts'
import { route, type Route, type RouteInput } from '#app/http/Route.ts'
import { answerSchema, decidedSchema, decideSchema } from '#app/schema/api.ts'
import type { Command } from './decide.ts'
import type { SessionStore } from './SessionStore.ts'

export interface CardRouterDeps {
  store: SessionStore
  audit: Audit
  /** Hides secrets: what is said here goes into the log and to models. */
  redact: (text: string) => string
  now: () => Date
}

const gone = { description: 'There is no such session or card.' }

/** What a running turn waits for: decisions on approvals, answers to questions. */
export function cardRoutes({ store, audit, redact, now }: CardRouterDeps): Route[] {
  /** Runs the command and leaves a record of it, whatever came of it. */
  const execute = async (
    action: string,
    id: string,
    input: RouteInput<unknown, unknown, unknown>,
    command: Command,
    card: string,
  ): Promise<void> => {
    const outcome = await store.execute(id, command).then(
      () => 'done',
      (error: unknown) => error,
    )
    audit({
      action,
      by: input.identity.name,
      source: input.identity.source,
      request_id: input.requestId,
      subject: `${id}/${card}`,
      outcome: typeof outcome === 'string' ? outcome : outcome instanceof AppError ? outcome.code : 'failed',
    })
    if (typeof outcome !== 'string') throw outcome
  }
  return [
    route({
      method: 'post',
      path: '/api/session/:id/approvals/:approval',
      access: 'operator',
      summary: 'Decide an approval: the first decision wins',
      params: z.object({ id: z.string(), approval: z.string() }),
      body: decideSchema,
      answers: {
        200: { description: 'This decision holds.', schema: decidedSchema },
        404: gone,
        409: { description: 'Decided before (`decided`), with `by` and `decision`.' },
        410: { description: 'Expired: nothing was run.' },
      },
      async handle(input) {
        const { id, approval } = input.params
        const { decision, reason } = input.body
        const by = input.identity.name
        const command: Command = {
          ...{ type: 'decide', approval, decision, by, now: now() },
          ...(reason === undefined ? {} : { reason: redact(reason) }),
        }
        await execute(`approval.${decision}`, id, input, command, approval)
        return { body: { approval, decision, by } }
      },
    }),
    route({
      method: 'post',
      path: '/api/session/:id/answers/:question',
      access: 'operator',
      summary: 'Answer a question',
      params: z.object({ id: z.string(), question: z.string() }),
      body: answerSchema,
      answers: {
        200: {
          description: 'Answered.',
          schema: z.object({ question: z.string(), text: z.string(), by: z.string() }),
        },
        404: gone,
        409: { description: 'Answered before, or nobody waits any more.' },
      },
      async handle(input) {
        const { id, question } = input.params
        const text = redact(input.body.text)
        const by = input.identity.name
        await execute('question.answer', id, input, { type: 'answer', question, text, by }, question)
        return { body: { question, text, by } }
      },
    }),
  ]
}
