import type { Alert, FleetSummary, Host, HostHistory, KillResult, KillToken } from '#app/schema/fleet.ts'
import { request, type RequestHooks } from './request.ts'

/** Longer than the server waits for a host, so that its own word comes first. */
const killTimeoutMs = 60_000

const inPath = encodeURIComponent

/** The calls that the fleet's screen makes, typed. Nothing here retries. */
export function createFleetApi(hooks: RequestHooks) {
  return {
    summary: () => request<FleetSummary>(hooks, '/api/fleet'),

    /** All hosts; with `names` only these, and they are polled more often for a while. */
    hosts: (names?: string[]) => {
      const asked = names === undefined ? '' : `?${new URLSearchParams({ names: names.join(), watch: '1' })}`
      return request<Host[]>(hooks, `/api/fleet/hosts${asked}`)
    },

    /** Asks for a poll as soon as can be. */
    refresh: (name: string) =>
      request<unknown>(hooks, `/api/fleet/hosts/${inPath(name)}/poll`, { method: 'POST', body: {} }),

    history: (name: string, fromMs: number, stepS: number, signal?: AbortSignal) => {
      const asked = new URLSearchParams({ from: new Date(fromMs).toISOString(), step: String(stepS) })
      return request<HostHistory>(
        hooks,
        `/api/fleet/hosts/${inPath(name)}/history?${asked}`,
        signal === undefined ? {} : { signal },
      )
    },

    /** `active`: the operator was told that somebody may be working in it. */
    killToken: (tmux: string, active: boolean) =>
      request<KillToken>(hooks, `/api/fleet/tmux/${inPath(tmux)}/kill-token`, {
        method: 'POST',
        body: active ? { active } : {},
      }),

    kill: (tmux: string, token: string) =>
      request<KillResult>(hooks, `/api/fleet/tmux/${inPath(tmux)}/kill`, {
        method: 'POST',
        body: { token },
        timeoutMs: killTimeoutMs,
      }),

    alerts: () => request<Alert[]>(hooks, '/api/alerts'),

    /** Until then; without a time for as long as it lasts. */
    acknowledge: (id: string, until?: string) =>
      request<Alert>(hooks, `/api/alerts/${inPath(id)}/ack`, {
        method: 'POST',
        body: until === undefined ? {} : { until },
      }),

    takeAckBack: (id: string) => request<Alert>(hooks, `/api/alerts/${inPath(id)}/ack`, { method: 'DELETE' }),
  }
}

export type FleetApi = ReturnType<typeof createFleetApi>
