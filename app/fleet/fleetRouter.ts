import { z } from 'zod'
import type { Audit } from '#app/audit/record.ts'
import { AppError } from '#app/errors.ts'
import type { History } from '#app/history/HistoryStore.ts'
import { route, type Route } from '#app/http/Route.ts'
import {
  fleetSummarySchema,
  hostHistorySchema,
  hostSchema,
  tmuxSessionSchema,
  type FleetSummary,
} from '#app/schema/fleet.ts'
import type { Fleet } from './Fleet.ts'
import { historyQuerySchema, toRange } from './historyQuery.ts'
import { killRoutes } from './kill/killRouter.ts'
import type { KillService } from './kill/KillService.ts'
import { readTmuxId } from './tmuxId.ts'
import { toHistory } from './toHistory.ts'
import { withinBounds } from './withinBounds.ts'

export interface FleetRouterDeps {
  fleet: Pick<Fleet, 'hosts' | 'host' | 'watch' | 'refresh'>
  history: Pick<History, 'read'>
  kill: Pick<KillService, 'token' | 'kill'>
  summary: () => FleetSummary
  audit: Audit
  /** ms since 1970. */
  now?: () => number
}

/** More than any screen shows; who asks for all hosts must not have all of them polled more often. */
const mostWatched = 100

const params = z.object({ name: z.string() })
const watch = z.enum(['0', '1']).optional()
const names = z
  .string()
  .max(20_000)
  .optional()
  .transform((text) => text?.split(',').filter((one) => one !== ''))
const noHost = { description: 'There is no such host.' }

/** Hosts, tmux sessions and their history; killing has a file of its own. */
export function fleetRoutes({
  fleet,
  history,
  kill,
  summary,
  audit,
  now = Date.now,
}: FleetRouterDeps): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/fleet',
      access: 'viewer',
      summary: 'Whether there is a fleet',
      answers: { 200: { description: 'The fleet in short.', schema: fleetSummarySchema } },
      handle: () => ({ body: summary() }),
    }),
    route({
      method: 'get',
      path: '/api/fleet/hosts',
      access: 'viewer',
      summary: 'The hosts with all that is known of them',
      query: z.object({ names, watch }),
      answers: {
        200: {
          description: 'Hosts; `names` restricts them, `watch=1` has these polled more often for 15 s.',
          schema: z.array(hostSchema),
        },
      },
      async handle({ query }) {
        const hosts = await fleet.hosts(query.names)
        if (query.watch === '1') fleet.watch(hosts.slice(0, mostWatched).map((host) => host.name))
        return { body: hosts.map(withinBounds) }
      },
    }),
    route({
      method: 'get',
      path: '/api/fleet/hosts/:name',
      access: 'viewer',
      summary: 'One host',
      params,
      query: z.object({ watch }),
      answers: { 200: { description: 'The host.', schema: hostSchema }, 404: noHost },
      async handle({ params, query }) {
        const host = await fleet.host(params.name)
        if (query.watch === '1') fleet.watch([host.name])
        return { body: withinBounds(host) }
      },
    }),
    route({
      method: 'post',
      path: '/api/fleet/hosts/:name/poll',
      access: 'operator',
      summary: 'Poll a host as soon as can be, also one that rests after failures',
      params,
      answers: { 202: { description: 'It will be polled.', schema: hostSchema }, 404: noHost },
      async handle({ params }) {
        const host = await fleet.host(params.name)
        fleet.refresh(host.name)
        return { status: 202, body: withinBounds(host) }
      },
    }),
    route({
      method: 'get',
      path: '/api/fleet/hosts/:name/history',
      access: 'viewer',
      summary: 'Figures of a host over time, at most 1,000 points of each',
      params,
      query: historyQuerySchema,
      answers: {
        200: { description: 'Series; by default of the last 24 hours.', schema: hostHistorySchema },
        400: { description: 'No range.' },
        404: noHost,
        503: { description: 'What keeps the figures does not answer.' },
      },
      async handle({ params, query }) {
        const range = toRange(query, now())
        const host = await fleet.host(params.name)
        return { body: toHistory(host.name, range, await history.read(host.name, range)) }
      },
    }),
    route({
      method: 'get',
      path: '/api/fleet/tmux',
      access: 'viewer',
      summary: 'The tmux sessions of all hosts',
      query: z.object({ status: z.enum(['active', 'legacy']).optional() }),
      answers: { 200: { description: 'tmux sessions.', schema: z.array(tmuxSessionSchema) } },
      async handle({ query: { status } }) {
        const all = (await fleet.hosts()).flatMap((host) => host.tmux)
        return { body: status === undefined ? all : all.filter((one) => one.status === status) }
      },
    }),
    route({
      method: 'get',
      path: '/api/fleet/tmux/:id',
      access: 'viewer',
      summary: 'One tmux session',
      params: z.object({ id: z.string() }),
      answers: {
        200: { description: 'The tmux session.', schema: tmuxSessionSchema },
        404: { description: 'There is no such tmux session, or not any more.' },
      },
      async handle({ params: { id } }) {
        const identity = readTmuxId(id)
        const host = identity && (await fleet.host(identity.host))
        const session = host?.tmux.find((one) => one.id === id)
        if (session === undefined)
          throw new AppError('not_found', 'There is no such tmux session, or not any more.')
        return { body: session }
      },
    }),
    ...killRoutes({ kill, audit }),
  ]
}
