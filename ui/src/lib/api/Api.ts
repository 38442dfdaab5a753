import type {
  ApprovalDecision,
  Operation,
  PowerResult,
  PresetSummary,
  Session,
  Verb,
  Vm,
} from '#app/schema/api.ts'
import { request, type Answer, type RequestHooks } from './request.ts'

/** Above the server's own worst case (a cycle may take 300 s), so that the server's word comes first. */
const verbTimeoutMs = 330_000

/** The server may ask the hypervisor, whose status has 15 s, for a record that it does not have itself. */
const recordTimeoutMs = 20_000

/** How many sessions the server puts on a page. */
export const sessionsPerPage = 50

const inPath = encodeURIComponent

/** The calls of the contract that the UI makes, typed. Nothing here retries. */
export function createApi(hooks: RequestHooks) {
  return {
    presets: () => request<PresetSummary[]>(hooks, '/api/presets'),

    /** A page of sessions, newest first; `after` is the `updated` of the last one before it. */
    sessions: ({ query = '', after = '' } = {}, signal?: AbortSignal) => {
      const asked = new URLSearchParams({
        ...(query === '' ? {} : { q: query }),
        ...(after === '' ? {} : { after }),
      })
      return request<Session[]>(
        hooks,
        `/api/sessions${asked.size === 0 ? '' : `?${asked}`}`,
        signal === undefined ? {} : { signal },
      )
    },

    /** On the default target when none is named. */
    createSession: (target?: string) =>
      request<{ session_id: string }>(hooks, '/api/session', { method: 'POST', body: { target } }),

    archiveSession: (id: string) =>
      request<unknown>(hooks, `/api/session/${inPath(id)}`, { method: 'DELETE' }),

    exportPath: (id: string) => `/api/session/${inPath(id)}/export?format=md`,

    streamPath: (id: string) => `/api/session/${inPath(id)}/stream`,

    outputPath: (id: string, seq: number) => `/api/session/${inPath(id)}/output/${seq}`,

    /** `key` makes a repeat of the same send start nothing twice. */
    prompt: (id: string, body: { prompt: string } | { preset: string }, key: string) =>
      request<{ turn: string }>(hooks, `/api/session/${inPath(id)}/prompt`, {
        method: 'POST',
        body,
        headers: { 'Idempotency-Key': key },
      }),

    cancel: (id: string) =>
      request<{ cancelled: boolean }>(hooks, `/api/session/${inPath(id)}/cancel`, {
        method: 'POST',
        body: {},
      }),

    /** The first decision holds; the same one again by the same operator is answered like the first. */
    decide: (id: string, approval: string, decision: ApprovalDecision, reason?: string) =>
      request<{ decision: ApprovalDecision; by: string }>(
        hooks,
        `/api/session/${inPath(id)}/approvals/${inPath(approval)}`,
        { method: 'POST', body: { decision, ...(reason === undefined ? {} : { reason }) } },
      ),

    answer: (id: string, question: string, text: string) =>
      request<{ text: string; by: string }>(hooks, `/api/session/${inPath(id)}/answers/${inPath(question)}`, {
        method: 'POST',
        body: { text },
      }),

    vms: (signal?: AbortSignal) => request<Vm[]>(hooks, '/api/vms', signal === undefined ? {} : { signal }),

    /** Runs one verb under `op`. A 502 or 409 that carries the verb's own body is an answer like any other. */
    runVerb: async (vm: string, verb: Verb, op: string): Promise<Answer<PowerResult>> => {
      const answer = await request<PowerResult>(hooks, `/api/vms/${inPath(vm)}/${verb}`, {
        method: 'POST',
        body: { op },
        timeoutMs: verbTimeoutMs,
      })
      if (answer.ok || answer.failure.kind !== 'refused' || !('outcome' in answer.failure.fields))
        return answer
      // The contract gives 502 and 409 of a verb the same shape as 200.
      const value = answer.failure.fields as unknown as PowerResult
      return { ok: true, value, status: answer.failure.status }
    },

    /** What was done to a VM, newest first. */
    operations: (vm: string) => request<Operation[]>(hooks, `/api/vms/${inPath(vm)}/operations`),

    /** The forensics report that was kept before an operation. The hypervisor itself is asked for it. */
    report: (vm: string, op: string) =>
      request<string>(hooks, `/api/vms/${inPath(vm)}/operations/${op}/forensics`, {
        text: true,
        timeoutMs: 30_000,
      }),

    operation: (vm: string, op: string) =>
      request<Operation>(hooks, `/api/vms/${inPath(vm)}/operations/${op}`, { timeoutMs: recordTimeoutMs }),
  }
}

export type Api = ReturnType<typeof createApi>
