import { z } from 'zod'
import type { Audit } from '#app/audit/record.ts'
import { AppError } from '#app/errors.ts'
import { route, type Route, type RouteInput } from '#app/http/Route.ts'
import { killBodySchema, killResultSchema, killTokenBodySchema, killTokenSchema } from '#app/schema/fleet.ts'
import type { KillService } from './KillService.ts'

export interface KillRouterDeps {
  kill: Pick<KillService, 'token' | 'kill'>
  audit: Audit
}

const params = z.object({ id: z.string() })
const gone = { description: 'There is no such tmux session, or not any more.' }

/** Killing a tmux session: first a token for exactly this one, then the kill. */
export function killRoutes({ kill, audit }: KillRouterDeps): Route[] {
  const recordOf =
    ({ params, identity, requestId }: RouteInput<{ id: string }, unknown, unknown>) =>
    (outcome: string, detail?: string) =>
      audit({
        ...{ action: 'fleet.kill', by: identity.name, source: identity.source, request_id: requestId },
        ...{ subject: params.id.slice(0, 200), outcome },
        ...(detail !== undefined && { detail }),
      })
  return [
    route({
      method: 'post',
      path: '/api/fleet/tmux/:id/kill-token',
      access: 'operator',
      summary: 'A token for one kill of this tmux session within 60 s',
      params,
      body: killTokenBodySchema,
      answers: {
        200: { description: 'The token.', schema: killTokenSchema },
        404: gone,
        409: {
          description:
            'It is not legacy (`active`: ask with `{active: true}`), or nobody knows from the newest poll that it is there and whose it is (`stale`).',
        },
      },
      handle: async ({ params: { id }, body, identity }) => ({
        body: await kill.token(id, identity, body.active),
      }),
    }),
    route({
      method: 'post',
      path: '/api/fleet/tmux/:id/kill',
      access: 'operator',
      summary: 'Kill this tmux session',
      params,
      body: killBodySchema,
      answers: {
        200: {
          description: 'Killed, with what outlived it; or `killed` is false, and `detail` says why.',
          schema: killResultSchema,
        },
        403: { description: "The token is another tmux session's or somebody else's; it is used up." },
        404: { description: 'There is no such host.' },
        409: {
          description:
            'Somebody attached to it meanwhile (`active`), or another account claims its tmux server (`stale`).',
        },
        410: { description: 'The token was used, has expired or never was.' },
        502: {
          description:
            'Nothing was killed (`unreachable`, `failed`), or it may have been (`unknown`): the next poll tells.',
        },
      },
      async handle(input) {
        const record = recordOf(input)
        let began = false
        try {
          const { params, body, identity } = input
          const result = await kill.kill(params.id, body.token, identity, (outcome, detail) => {
            began = true
            record(outcome, detail)
          })
          return { body: result }
        } catch (error) {
          // Once it began, its outcome is recorded where it is known.
          if (!began) record(error instanceof AppError ? error.code : 'failed')
          throw error
        }
      },
    }),
  ]
}
