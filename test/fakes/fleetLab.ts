import type { Alert, Gpu, GpuProcess, Host, TmuxSession } from '#app/schema/fleet.ts'
import { labAlerts } from './labAlerts.ts'
import { labHosts } from './labHosts.ts'
import { manyLabHosts } from './manyLabHosts.ts'

export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour

/** A fleet as the API tells it: what a lab has on a bad night, at the time `now`. */
export class FleetLab {
  readonly now: number
  #pids = 4000

  constructor(now: number) {
    this.now = now
  }

  ago(ms: number): string {
    return new Date(this.now - ms).toISOString()
  }

  host(name: string, change: Partial<Host> = {}): Host {
    const gb = 1024
    return {
      name,
      address: `${name}.lab.example`,
      status: 'online',
      last_seen: this.ago(4_000),
      polled_at: this.ago(4_000),
      interval_s: 30,
      sections: Object.fromEntries(
        ['host', 'memory', 'disks', 'tmux', 'gpu', 'procs'].map((one) => [one, { ok: true, age_s: 4 }]),
      ),
      local: false,
      groups: ['gpu'],
      tags: [],
      os: 'Debian GNU/Linux 12 (bookworm)',
      kernel: '6.1.0-28-amd64',
      has_gpu: true,
      cpu_count: 32,
      cpu_percent: 12,
      memory_percent: 24,
      memory_used_mb: 62 * gb,
      memory_total_mb: 256 * gb,
      load: [3.1, 2.8, 2.2],
      uptime_s: (41 * day) / 1000,
      booted_at: this.ago(41 * day),
      disks: [{ mount: '/', used_mb: 110 * gb, total_mb: 440 * gb, used_percent: 25 }],
      gpus: [],
      tmux: [],
      scope: 'all',
      ...change,
    }
  }

  gpu(host: string, index: number, change: Partial<Gpu> = {}): Gpu {
    return {
      index,
      uuid: `GPU-${host}-${index}`,
      bus_id: `00000000:${(index + 1).toString(16).padStart(2, '0').toUpperCase()}:00.0`,
      vendor: 'nvidia',
      name: 'NVIDIA GeForce RTX 4090',
      power_draw_watts: 61,
      power_limit_watts: 450,
      memory_used_mb: 1_180,
      memory_total_mb: 24_564,
      utilization_percent: 3,
      temperature_c: 44,
      throttled: [],
      mig: false,
      state: 'answers',
      processes: [],
      ...change,
    }
  }

  process(user: string, command: string, memoryMb: number | null, tmux?: string): GpuProcess {
    const name = command.split(' ')[0] ?? command
    const pid = this.#pids++
    return { pid, name, command, user, memory_mb: memoryMb, ...(tmux === undefined ? {} : { tmux }) }
  }

  tmux(host: string, user: string, name: string, change: Partial<TmuxSession> = {}): TmuxSession {
    const pid = this.#pids++
    const id = change.id ?? `${host}:1001:${pid}.${pid % 97}.1790000000`
    return {
      id,
      host,
      user,
      name,
      created: this.ago(3 * day),
      last_activity: this.ago(2 * minute),
      last_attached: this.ago(2 * hour),
      attached: true,
      clients: 1,
      window_count: 2,
      status: 'active',
      pids: [pid, pid + 1],
      cpu_percent: 4,
      memory_mb: 812,
      gpu_memory_mb: 0,
      gpus: [],
      attach_command: `ssh -t ${user}@${host}.lab.example "tmux -u attach -t '=${name}'"`,
      attach_url: `ssh://${user}@${host}.lab.example?command=${encodeURIComponent(`tmux -u attach -t '=${name}'`)}`,
      ...change,
    }
  }

  /** Fourteen hosts, each with something of its own. */
  hosts(): Host[] {
    return labHosts(this)
  }

  alerts(): Alert[] {
    return labAlerts(this)
  }

  /** Two hundred hosts of eight kinds. */
  manyHosts(count = 200): Host[] {
    return manyLabHosts(this, count)
  }
}
