import { z } from 'zod'
import type { AlertBook } from '#app/alert/AlertBook.ts'
import type { Audit } from '#app/audit/record.ts'
import { AppError } from '#app/errors.ts'
import { ackBodySchema, alertSchema, type Alert } from '#app/schema/fleet.ts'
import { route, type Answer, type Route, type RouteInput } from './Route.ts'

export interface AlertRouterDeps {
  alerts: Pick<AlertBook, 'list' | 'ack' | 'unack'>
  audit: Audit
}

const params = z.object({ id: z.string() })
const answers = {
  200: { description: 'The alert as it is now.', schema: alertSchema },
  404: { description: 'There is no such alert, or it has ended.' },
  503: { description: 'It could not be written down, so nothing has changed.' },
}

/** What is wrong, and who took note of it. */
export function alertRoutes({ alerts, audit }: AlertRouterDeps): Route[] {
  /** Does it and leaves a record, whatever came of it. */
  const change = async (
    action: string,
    input: RouteInput<{ id: string }, unknown, unknown>,
    run: () => Promise<Alert>,
  ): Promise<Answer> => {
    const record = (outcome: string, detail?: string) =>
      audit({
        ...{ action, by: input.identity.name, source: input.identity.source, request_id: input.requestId },
        ...{ subject: input.params.id, outcome },
        ...(detail !== undefined && { detail }),
      })
    try {
      const alert = await run()
      record('done', `${alert.host ?? ''} ${alert.type} ${alert.subject}`.trim())
      return { body: alert }
    } catch (error) {
      record(error instanceof AppError ? error.code : 'failed')
      throw error
    }
  }
  return [
    route({
      method: 'get',
      path: '/api/alerts',
      access: 'viewer',
      summary: 'Alerts, worst first',
      query: z.object({ acknowledged: z.enum(['true', 'false']).optional() }),
      answers: { 200: { description: 'Alerts.', schema: z.array(alertSchema) } },
      async handle({ query: { acknowledged } }) {
        const all = await alerts.list()
        const wanted = (one: Alert) =>
          acknowledged === undefined || one.acknowledged === (acknowledged === 'true')
        return { body: all.filter(wanted) }
      },
    }),
    route({
      method: 'post',
      path: '/api/alerts/:id/ack',
      access: 'operator',
      summary: 'Take note of an alert, until it ends or for a time',
      params,
      body: ackBodySchema,
      answers: { ...answers, 400: { description: '`until` has passed.' } },
      handle: (input) =>
        change('alert.ack', input, () => alerts.ack(input.params.id, input.identity.name, input.body.until)),
    }),
    route({
      method: 'delete',
      path: '/api/alerts/:id/ack',
      access: 'operator',
      summary: 'Take that back',
      params,
      answers,
      handle: (input) => change('alert.unack', input, () => alerts.unack(input.params.id)),
    }),
  ]
}
