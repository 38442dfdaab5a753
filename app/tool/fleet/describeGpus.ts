import type { Gpu, GpuProcess, Host } from '#app/schema/fleet.ts'
import { staleness } from './describeHost.ts'
import type { Line } from './toText.ts'
import { figure, quote } from './words.ts'

const mostProcesses = 8

/** One line for each GPU with who holds it: the ones that cannot be read first, then the hottest. */
export function describeGpus(hosts: Host[], now: number): Line[] {
  return hosts
    .flatMap((host) => host.gpus.map((gpu) => ({ host, gpu })))
    .toSorted((a, b) => trouble(b.gpu) - trouble(a.gpu))
    .map(({ host, gpu }) => ({
      text: describe(host, gpu) + staleness(host, gpu.vendor === 'nvidia' ? 'gpu' : gpu.vendor, now),
      words: [
        ...[host.name, gpu.name, gpu.uuid, ...host.groups, ...host.tags],
        ...(gpu.processes ?? []).flatMap(({ name, user }) => [name, user ?? '']),
      ].join(' '),
    }))
}

function trouble({ unreadable, throttled, temperature_c: heat }: Gpu): number {
  return (unreadable === undefined ? 0 : 1000) + ((throttled?.length ?? 0) > 0 ? 200 : 0) + (heat ?? 0)
}

function describe(host: Host, gpu: Gpu): string {
  const begin = `${host.name}: GPU ${gpu.index ?? '?'} ${quote(gpu.name)} ${gpu.uuid}`
  if (gpu.unreadable !== undefined) return `${begin}; cannot be read: ${quote(gpu.unreadable, 160)}`
  return [
    begin,
    figure(gpu.temperature_c, '°C'),
    `${figure(gpu.power_draw_watts, 'W')} of ${figure(gpu.power_limit_watts, 'W')}`,
    `memory ${figure(gpu.memory_used_mb, 'MB')} of ${figure(gpu.memory_total_mb, 'MB')}`,
    `busy ${figure(gpu.utilization_percent, '%')}${gpu.mig ? ' (split by MIG)' : ''}`,
    ...(gpu.throttled?.length ? [`throttled by ${gpu.throttled.map((one) => quote(one)).join(', ')}`] : []),
    processesOf(host, gpu.processes),
  ].join('; ')
}

function processesOf({ tmux }: Host, processes: GpuProcess[] | null): string {
  if (processes === null) return 'its processes are unknown'
  if (processes.length === 0) return 'no process'
  const shown = processes
    .toSorted((a, b) => (b.memory_mb ?? 0) - (a.memory_mb ?? 0))
    .slice(0, mostProcesses)
    .map(({ pid, name, user, memory_mb: mb, tmux: id }) => {
      const session = id === undefined ? undefined : tmux.find((one) => one.id === id)
      const within = session === undefined ? '' : ` in tmux session ${quote(session.name)}`
      return `${pid} ${quote(name)} of ${user === null ? 'unknown' : quote(user, 32)} ${figure(mb, 'MB')}${within}`
    })
  const more = processes.length - shown.length
  return `processes: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
