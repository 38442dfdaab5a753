import type { PendingApproval, ProviderSummary } from '#app/schema/api.ts'
import { request, type RequestHooks } from './request.ts'

/** The calls around the board: its stream, and the snapshots that no session has. */
export function createBoardApi(hooks: RequestHooks) {
  return {
    boardPath: '/api/board/stream',

    approvals: () => request<PendingApproval[]>(hooks, '/api/approvals'),

    /** In the order in which they are tried; the runbook is always last. */
    providers: () => request<ProviderSummary[]>(hooks, '/api/providers'),
  }
}

export type BoardApi = ReturnType<typeof createBoardApi>
