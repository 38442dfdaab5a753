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
    const mig = {
      mig: true,
      utilization_percent: null,
      name: 'NVIDIA A100-SXM4-80GB',
      power_limit_watts: 400,
    }
    return [
      this.#healthy(),
      this.#heldByLegacy(),
      this.#tooHot(),
      this.host('pi-02', {
        status: 'offline',
        detail: 'No TCP connection: 10.0.0.42 port 22 did not answer within 10 s.',
        failed_leg: 'tcp',
        last_seen: this.ago(44 * minute),
        next_poll_at: this.ago(-3 * minute),
        groups: ['edge'],
        tags: ['arm'],
        has_gpu: false,
        cpu_count: 4,
        memory_total_mb: 4 * 1024,
        memory_used_mb: 610,
        tmux: [this.tmux('pi-02', 'pi', 'sensors', { cpu_percent: 2 })],
      }),
      this.#degraded(),
      this.host('gpu6', {
        gpus: [
          this.gpu('gpu6', 0, { power_draw_watts: 288, utilization_percent: 97, temperature_c: 71 }),
          this.gpu('gpu6', 1, {
            index: null,
            name: 'NVIDIA GeForce RTX 4090',
            bus_id: '0000:A1:00.0',
            state: 'lost',
            unreadable: 'It fell off the bus: Unable to determine the device handle: Unknown Error.',
            processes: null,
          }),
        ],
      }),
      this.host('a100', {
        target: 'a100',
        cpu_count: 128,
        memory_total_mb: 1024 * 1024,
        memory_used_mb: 402 * 1024,
        memory_percent: 39,
        gpus: [0, 1, 2, 3].map((at) =>
          this.gpu('a100', at, {
            name: 'NVIDIA A100-SXM4-80GB',
            memory_total_mb: 81_920,
            memory_used_mb: at * 19_000 + 900,
            power_draw_watts: 80 + at * 90,
            power_limit_watts: 400,
            temperature_c: 40 + at * 8,
            utilization_percent: at * 30,
            ...(at === 0 ? { ...mig, utilization_percent: null } : {}),
          }),
        ),
      }),
      this.host('amd1', {
        gpus: [
          this.gpu('amd1', 0, {
            vendor: 'amd',
            name: 'AMD Instinct MI210',
            memory_total_mb: 65_520,
            memory_used_mb: 12_000,
            power_draw_watts: 140,
            power_limit_watts: null,
            temperature_c: 58,
            throttled: null,
            mig: null,
            processes: null,
          }),
        ],
      }),
      this.host('storage1', {
        groups: ['storage'],
        has_gpu: false,
        disks: [
          { mount: '/', used_mb: 40_000, total_mb: 100_000, used_percent: 40 },
          { mount: '/srv/data', used_mb: 18_500_000, total_mb: 20_000_000, used_percent: 92.5 },
        ],
        tmux: [
          this.tmux('storage1', 'root', 'scrub', {
            attached: false,
            clients: 0,
            detached_since: this.ago(5 * hour),
          }),
        ],
      }),
      this.host('gpu7', { clock_offset_s: -10_812, gpus: [this.gpu('gpu7', 0)] }),
      this.host('gpu8', {
        uptime_s: 1_260,
        booted_at: this.ago(21 * minute),
        rebooted_at: this.ago(21 * minute),
        cpu_percent: null,
        gpus: [this.gpu('gpu8', 0, { utilization_percent: 100, memory_used_mb: 0 })],
      }),
      this.host('new-box', {
        status: 'offline',
        detail: 'The key was refused: enrol this host first.',
        failed_leg: 'auth',
        last_seen: null,
        polled_at: this.ago(9_000),
        sections: {},
        os: null,
        kernel: null,
        has_gpu: null,
        cpu_count: null,
        cpu_percent: null,
        memory_percent: null,
        memory_used_mb: null,
        memory_total_mb: null,
        load: null,
        uptime_s: null,
        booted_at: null,
        disks: [],
        scope: null,
      }),
      this.host('ana-laptop', { scope: 'own', groups: [], tags: ['guest'], has_gpu: false, cpu_count: 8 }),
      this.host('login', {
        groups: ['edge'],
        has_gpu: false,
        cpu_percent: 0.4,
        tmux: [
          this.tmux('login', 'ana', 'a\u202Egnp.exe', { cpu_percent: 0 }),
          this.tmux('login', 'bo', `it's "quoted" $HOME: 1.2`, {
            attached: false,
            clients: 0,
            detached_since: this.ago(50 * minute),
          }),
          this.tmux('login', 'cy', 'ein 🚀 langer Name '.repeat(8).trim(), { clients: 2 }),
          this.tmux('login', 'bo', 'irc', { cpu_percent: null, memory_mb: null, gpu_memory_mb: null }),
          this.tmux('login', 'bo', 'mail'),
          this.tmux('login', 'cy', 'notes'),
        ],
      }),
    ]
  }

  alerts(): Alert[] {
    return labAlerts(this)
  }

  /** Two hundred hosts of eight kinds. */
  manyHosts(count = 200): Host[] {
    return manyLabHosts(this, count)
  }
}
