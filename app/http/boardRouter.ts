import { z } from 'zod'
import { boardStream } from '#app/eventlog/Board.ts'
import { pendingApprovalSchema, type PendingApproval } from '#app/schema/api.ts'
import type { AttachOptions } from './FeedHub.ts'
import { route, type Route, type RouteInput } from './Route.ts'

export interface BoardRouterDeps {
  /** Attaches the client to a stream and returns when it has begun. */
  attach: (
    stream: string,
    input: RouteInput<unknown, { after?: string | undefined }, unknown>,
    options: AttachOptions,
  ) => Promise<void>
  /** The approvals that wait for a decision, in all sessions. */
  pending: () => Promise<PendingApproval[]>
}

/** What a dashboard follows: the board, and the snapshot that belongs to it. */
export function boardRoutes({ attach, pending }: BoardRouterDeps): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/board/stream',
      access: 'viewer',
      summary: 'The board: begins at its head; read the snapshots after `caught-up` (SSE)',
      query: z.object({ after: z.string().max(100).optional() }),
      answers: { 200: { description: 'Events.', contentType: 'text/event-stream' } },
      handle: (input) => attach(boardStream, input, { allowEmpty: true, from: 'head' }),
    }),
    route({
      method: 'get',
      path: '/api/approvals',
      access: 'viewer',
      summary: 'Approvals that wait for a decision',
      answers: { 200: { description: 'Approvals.', schema: z.array(pendingApprovalSchema) } },
      handle: async () => ({ body: await pending() }),
    }),
  ]
}
