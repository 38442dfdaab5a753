import { z } from 'zod'
import { AppError } from '#app/errors.ts'
import { errorSchema } from '#app/schema/api.ts'
import { route, type Route } from './Route.ts'

/**
 * Sentences that say why this process should get no requests now; none when it is ready. Tells what is known
 * already and never waits.
 */
export type Readiness = () => string[]

/** `/healthz`: this process answers, whatever else is down. `/readyz`: it is ready for work, or why not. */
export function healthRoutes(ready: Readiness): Route[] {
  return [
    route({
      method: 'get',
      path: '/healthz',
      access: 'open',
      summary: 'Whether the process answers; depends on nothing else',
      answers: { 200: { description: 'It does', schema: z.object({ status: z.literal('ok') }) } },
      handle: () => ({ body: { status: 'ok' } }),
    }),
    route({
      method: 'get',
      path: '/readyz',
      access: 'open',
      summary: 'Whether the process is ready for work',
      answers: {
        200: { description: 'It is', schema: z.object({ status: z.literal('ready') }) },
        503: { description: 'Why not', schema: errorSchema.extend({ reasons: z.array(z.string()) }) },
      },
      handle: () => {
        const reasons = ready()
        if (reasons.length > 0) throw new AppError('not_ready', reasons.join(' '), { reasons })
        return { body: { status: 'ready' } }
      },
    }),
  ]
}
