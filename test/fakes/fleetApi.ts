import type { Page, Route } from '@playwright/test'
import type { Alert, Host, HostHistory, KillResult } from '#app/schema/fleet.ts'
import { FleetLab } from './fleetLab.ts'

type Refusal = { status: number; code: string; detail: string }

/**
 * Answers what the fleet's screen asks for, in place of the server, and notes what was asked. A test changes the fields
 * to have another answer given from then on.
 */
export class FleetApi {
  hosts: Host[]
  alerts: Alert[]
  summary = { configured: true, hosts: 14, alerts_enabled: true }
  /** Every call is answered like this instead. */
  failing: Refusal | 'lost' | null = null
  alertsFailing: Refusal | null = null
  killToken: Refusal | null = null
  kill: KillResult | Refusal | 'lost' = { killed: true, survivors: [] }
  history: 'full' | 'empty' | Refusal = 'full'
  readonly asked: { method: string; path: string; query: URLSearchParams; body: any }[] = []
  readonly #lab: FleetLab

  constructor(lab = new FleetLab(Date.now())) {
    this.#lab = lab
    this.hosts = lab.hosts()
    this.alerts = lab.alerts()
  }

  async serve(page: Page): Promise<void> {
    await page.route(/\/api\/(fleet|alerts)\b/, (route) => this.#answer(route))
  }

  /** The calls whose path is like this. */
  calls(path: RegExp): typeof this.asked {
    return this.asked.filter((call) => path.test(call.path))
  }

  async #answer(route: Route): Promise<void> {
    const request = route.request()
    const url = new URL(request.url())
    const path = decodeURIComponent(url.pathname)
    const body = request.postData() === null ? undefined : request.postDataJSON()
    this.asked.push({ method: request.method(), path, query: url.searchParams, body })
    const given = this.failing ?? this.#reply(request.method(), path, url.searchParams, body)
    if (given === 'lost') return route.abort('connectionrefused')
    if (isRefusal(given)) {
      const { status, ...rest } = given
      return route.fulfill({ status, json: { ...rest, request_id: 'r1' } })
    }
    return route.fulfill({ json: given })
  }

  #reply(method: string, path: string, query: URLSearchParams, body: any): unknown {
    const names = query.get('names')?.split(',')
    if (path === '/api/fleet') return this.summary
    if (path === '/api/fleet/hosts')
      return this.hosts.filter(({ name }) => names?.includes(name) ?? true).map(justPolled)
    if (path.endsWith('/kill-token'))
      return this.killToken ?? { token: 'token-1', expires: this.#lab.ago(-60_000) }
    if (path.endsWith('/kill')) return this.kill
    if (path.endsWith('/poll')) return {}
    if (path.endsWith('/history')) return this.#history(path.split('/')[4] ?? '', query)
    if (path === '/api/alerts') return this.alertsFailing ?? this.alerts
    const id = path.split('/')[3]
    const alert = this.alerts.find((one) => one.id === id)
    if (alert === undefined) return { status: 404, code: 'not_found', detail: 'There is no such alert.' }
    const { by: _by, until: _until, ...plain } = alert
    const changed: Alert =
      method === 'DELETE'
        ? { ...plain, acknowledged: false }
        : { ...plain, acknowledged: true, by: 'operator', ...(body?.until ? { until: body.until } : {}) }
    this.alerts = this.alerts.map((one) => (one === alert ? changed : one))
    return changed
  }

  #history(name: string, query: URLSearchParams): HostHistory | Refusal {
    if (this.history !== 'full' && this.history !== 'empty') return this.history
    const from = Date.parse(query.get('from') ?? '')
    const host = this.hosts.find((one) => one.name === name)
    const times = Array.from({ length: 144 }, (_, at) => new Date(from + at * 600_000).toISOString())
    const series = (metric: HostHistory['series'][number]['metric'], mid: number, swing: number, of = {}) => {
      // A night's gap, and a peak at its end.
      const mean = times.map((_, at) =>
        at > 60 && at < 72 ? null : mid + swing * Math.sin(at / 9) + (at > 130 ? swing * 1.4 : 0),
      )
      return { metric, mean, min: mean, max: mean, ...of }
    }
    const all: HostHistory['series'] = [
      series('cpu_percent', 40, 22),
      series('memory_percent', 62, 9),
      series('load', 8, 4),
      ...(host?.gpus ?? []).flatMap(({ uuid: gpu }) => [
        series('power_draw_watts', 250, 120, { gpu }),
        series('memory_used_mb', 14_000, 5_000, { gpu }),
        series('utilization_percent', 60, 25, { gpu }),
        series('temperature_c', 70, 10, { gpu }),
      ]),
      ...(host?.tmux ?? []).flatMap(({ id: tmux }) => [
        series('cpu_percent', 20, 9, { tmux }),
        series('gpu_memory_mb', 9_000, 1_000, { tmux }),
      ]),
    ]
    return {
      host: name,
      from: times[0] ?? '',
      to: new Date(from + 144 * 600_000).toISOString(),
      step_s: 600,
      times,
      series: this.history === 'empty' ? [] : all,
    }
  }
}

/** As often as it is asked for: what answers was polled 4 s ago. */
function justPolled(host: Host): Host {
  if (host.status === 'offline' || Date.parse(host.polled_at ?? '') > Date.now() - 4_000) return host
  const at = new Date(Date.now() - 4_000).toISOString()
  return { ...host, polled_at: at, last_seen: at }
}

function isRefusal(given: unknown): given is Refusal {
  return typeof given === 'object' && given !== null && 'code' in given && 'status' in given
}
