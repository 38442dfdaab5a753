import type { Host } from '#app/schema/fleet.ts'
import { hour, minute, type FleetLab } from './fleetLab.ts'
import { degraded, healthy, heldByLegacy, tooHot } from './labGpuHosts.ts'

/** Fourteen hosts, each with something of its own. */
export function labHosts(lab: FleetLab): Host[] {
  const mig = {
    mig: true,
    utilization_percent: null,
    name: 'NVIDIA A100-SXM4-80GB',
    power_limit_watts: 400,
  }
  return [
    healthy(lab),
    heldByLegacy(lab),
    tooHot(lab),
    lab.host('pi-02', {
      status: 'offline',
      detail: 'No TCP connection: 10.0.0.42 port 22 did not answer within 10 s.',
      failed_leg: 'tcp',
      last_seen: lab.ago(44 * minute),
      next_poll_at: lab.ago(-3 * minute),
      groups: ['edge'],
      tags: ['arm'],
      has_gpu: false,
      cpu_count: 4,
      memory_total_mb: 4 * 1024,
      memory_used_mb: 610,
      tmux: [lab.tmux('pi-02', 'pi', 'sensors', { cpu_percent: 2 })],
    }),
    degraded(lab),
    lab.host('gpu6', {
      gpus: [
        lab.gpu('gpu6', 0, { power_draw_watts: 288, utilization_percent: 97, temperature_c: 71 }),
        lab.gpu('gpu6', 1, {
          index: null,
          name: 'NVIDIA GeForce RTX 4090',
          bus_id: '0000:A1:00.0',
          state: 'lost',
          unreadable: 'It fell off the bus: Unable to determine the device handle: Unknown Error.',
          processes: null,
        }),
      ],
    }),
    lab.host('a100', {
      target: 'a100',
      cpu_count: 128,
      memory_total_mb: 1024 * 1024,
      memory_used_mb: 402 * 1024,
      memory_percent: 39,
      gpus: [0, 1, 2, 3].map((at) =>
        lab.gpu('a100', at, {
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
    lab.host('amd1', {
      gpus: [
        lab.gpu('amd1', 0, {
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
    lab.host('storage1', {
      groups: ['storage'],
      has_gpu: false,
      disks: [
        { mount: '/', used_mb: 40_000, total_mb: 100_000, used_percent: 40 },
        { mount: '/srv/data', used_mb: 18_500_000, total_mb: 20_000_000, used_percent: 92.5 },
      ],
      tmux: [
        lab.tmux('storage1', 'root', 'scrub', {
          attached: false,
          clients: 0,
          detached_since: lab.ago(5 * hour),
        }),
      ],
    }),
    lab.host('gpu7', { clock_offset_s: -10_812, gpus: [lab.gpu('gpu7', 0)] }),
    lab.host('gpu8', {
      uptime_s: 1_260,
      booted_at: lab.ago(21 * minute),
      rebooted_at: lab.ago(21 * minute),
      cpu_percent: null,
      gpus: [lab.gpu('gpu8', 0, { utilization_percent: 100, memory_used_mb: 0 })],
    }),
    lab.host('new-box', {
      status: 'offline',
      detail: 'The key was refused: enrol this host first.',
      failed_leg: 'auth',
      last_seen: null,
      polled_at: lab.ago(9_000),
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
    lab.host('ana-laptop', { scope: 'own', groups: [], tags: ['guest'], has_gpu: false, cpu_count: 8 }),
    lab.host('login', {
      groups: ['edge'],
      has_gpu: false,
      cpu_percent: 0.4,
      tmux: [
        lab.tmux('login', 'ana', 'a\u202Egnp.exe', { cpu_percent: 0 }),
        lab.tmux('login', 'bo', `it's "quoted" $HOME: 1.2`, {
          attached: false,
          clients: 0,
          detached_since: lab.ago(50 * minute),
        }),
        lab.tmux('login', 'cy', 'ein 🚀 langer Name '.repeat(8).trim(), { clients: 2 }),
        lab.tmux('login', 'bo', 'irc', { cpu_percent: null, memory_mb: null, gpu_memory_mb: null }),
        lab.tmux('login', 'bo', 'mail'),
        lab.tmux('login', 'cy', 'notes'),
      ],
    }),
  ]
}
