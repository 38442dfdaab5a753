import type { Host } from '#app/schema/fleet.ts'
import { day, hour, type FleetLab } from './fleetLab.ts'

/** So many hosts, of eight kinds. */
export function manyLabHosts(lab: FleetLab, count: number): Host[] {
  return Array.from({ length: count }, (_, at) => {
    const name = `node${String(at + 1).padStart(3, '0')}`
    const gpus = Array.from({ length: at % 4 }, (_, index) =>
      lab.gpu(name, index, {
        temperature_c: 40 + ((at * 7 + index * 5) % 52),
        utilization_percent: (at * 13) % 101,
      }),
    )
    const tmux = Array.from({ length: at % 5 }, (_, nth) =>
      lab.tmux(name, `user${(at + nth) % 23}`, `work-${nth}`, {
        ...(nth === 3
          ? {
              status: 'legacy' as const,
              attached: false,
              clients: 0,
              detached_since: lab.ago(4 * day + nth * hour),
            }
          : {}),
      }),
    )
    return lab.host(name, {
      cpu_percent: (at * 17) % 100,
      groups: [`rack${at % 6}`],
      tags: at % 9 === 0 ? ['spare'] : [],
      gpus,
      tmux,
      ...(at % 31 === 5
        ? { status: 'offline' as const, detail: 'No TCP connection.', last_seen: lab.ago(hour) }
        : {}),
    })
  })
}
