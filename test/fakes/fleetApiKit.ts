import type { AuditRecord } from '#app/audit/record.ts'
import { AppError } from '#app/errors.ts'
import type { Fleet } from '#app/fleet/Fleet.ts'
import { fleetRoutes } from '#app/fleet/fleetRouter.ts'
import { KillService } from '#app/fleet/kill/KillService.ts'
import type { History } from '#app/history/HistoryStore.ts'
import type { Tickets } from '#app/lease/Tickets.ts'
import type { Host, TmuxSession } from '#app/schema/fleet.ts'
import type { ExecResult } from '#app/ssh/Runner.ts'

const time = '2026-11-20T03:00:00.000Z'

export const tmuxSession = (more: Partial<TmuxSession> = {}): TmuxSession => ({
  ...{ id: 'gpu1:1000:4242.7.1795000000', host: 'gpu1', user: 'ana', name: 'chat', created: time },
  ...{ last_activity: time, last_attached: null, attached: false, clients: 0, detached_since: time },
  ...{ window_count: 1, status: 'legacy', pids: [77], cpu_percent: 1, memory_mb: 10, gpu_memory_mb: null },
  ...{ gpus: [], attach_command: "ssh -t ana@gpu1 'tmux -u attach -t =chat'", attach_url: null },
  ...more,
})

export const fleetHost = (more: Partial<Host> = {}): Host => ({
  ...{
    name: 'gpu1',
    address: 'gpu1.lan',
    status: 'online',
    last_seen: time,
    polled_at: time,
    interval_s: 30,
  },
  ...{ sections: { tmux: { ok: true, age_s: 3 } }, local: false, groups: [], tags: [], os: null },
  ...{ kernel: null, has_gpu: false, cpu_count: 8, cpu_percent: 10, memory_percent: 20 },
  ...{ memory_used_mb: 100, memory_total_mb: 500, load: [1, 2, 3], uptime_s: 1, booted_at: time },
  ...{ disks: [], gpus: [], tmux: [tmuxSession()], scope: 'all' },
  ...more,
})

export const killAnswer = (...lines: string[]): ExecResult => ({
  ...{ exitCode: 0, stderr: '', truncated: false, durationMs: 5 },
  stdout: ['breakglass-probe 1 0123456789abcdef', ...lines, '0123456789abcdef done', ''].join('\n'),
})

/** Tickets of one process, on a clock that the test moves. */
export function clockedTickets(clock: { now: number }): Tickets {
  const kept = new Map<string, { value: string; until: number }>()
  let count = 0
  return {
    async issue(value, lifeMs) {
      const ticket = `ticket-${++count}`
      kept.set(ticket, { value, until: clock.now + lifeMs })
      return ticket
    },
    async take(ticket) {
      const found = kept.get(ticket)
      kept.delete(ticket)
      return found && clock.now < found.until ? found.value : null
    },
  }
}

/** The routes of the fleet over hosts that the test sets. */
export function fleetApiKit() {
  const clock = { now: Date.parse('2026-11-20T03:00:00Z') }
  const audited: AuditRecord[] = []
  const state = {
    hosts: [fleetHost()],
    answer: killAnswer('kill killed'),
    killed: [] as string[],
    refreshed: [] as string[],
    watched: [] as string[],
    asked: [] as unknown[],
  }
  const fleet: Fleet = {
    hosts: async (names) => state.hosts.filter(({ name }) => names?.includes(name) ?? true),
    async host(name) {
      const found = state.hosts.find((one) => one.name === name)
      if (found === undefined) throw new AppError('not_found', `There is no host ${name}.`)
      return found
    },
    watch: (names) => void state.watched.push(...names),
    refresh: (name) => void state.refreshed.push(name),
    async kill(name, digits) {
      state.killed.push(`${name} ${digits.trim()}`)
      return state.answer
    },
  }
  const history: Pick<History, 'read'> = {
    async read(subject, range) {
      state.asked.push({ subject, ...range })
      const points = { mean: [1, null], min: [0, null], max: [2, null] }
      const names = [
        'cpu_percent',
        'gpu:GPU-1:temperature_c',
        'tmux:gpu1:1000:4242.7.1795000000:attached',
        'x',
      ]
      return {
        ...{ stepMs: 60_000, times: [range.from, range.from + 60_000] },
        series: names.map((series) => ({ series, ...points })),
        leftOut: 0,
      }
    },
  }
  const now = () => clock.now
  const kill = new KillService({ fleet, tickets: clockedTickets(clock), now })
  const routes = fleetRoutes({
    ...{ fleet, history, kill, now, audit: (record) => void audited.push(record) },
    summary: () => ({ configured: true, hosts: state.hosts.length, alerts_enabled: true }),
  })
  return { clock, audited, state, fleet, kill, routes }
}
