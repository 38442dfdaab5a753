import type { Gpu, Host, TmuxSession } from '#app/schema/fleet.ts'
import { counted, memory } from './figures.ts'
import type { HostedTmux } from './filterHosts.ts'
import { sectionAge } from './liveness.ts'

/** Who holds memory of one GPU. */
export interface Holder {
  /** The tmux session, or null for processes of none. */
  tmux: TmuxSession | null
  user: string | null
  memoryMb: number | null
  count: number
}

/** Who holds what of a GPU, the most first; null when its processes could not be asked for. */
export function holdersOf(gpu: Gpu, host: Host): Holder[] | null {
  if (gpu.processes === null) return null
  const found = new Map<string, Holder>()
  for (const process of gpu.processes) {
    const tmux = host.tmux.find(({ id }) => id === process.tmux) ?? null
    const key = tmux?.id ?? `user ${process.user}`
    const known = found.get(key)
    const sum = { tmux, user: tmux?.user ?? process.user, memoryMb: process.memory_mb, count: 1 }
    if (known !== undefined) {
      sum.count += known.count
      // What is missing in one of them is missing in the sum.
      sum.memoryMb = known.memoryMb === null || sum.memoryMb === null ? null : known.memoryMb + sum.memoryMb
    }
    found.set(key, sum)
  }
  return [...found.values()].sort((a, b) => (b.memoryMb ?? -1) - (a.memoryMb ?? -1))
}

/** Processes outside every tmux session that could be seen; whether all could is another matter. */
export function sayOutside(count: number, host: Host): string {
  const processes = counted(count, 'process', 'processes')
  const seen = host.scope !== 'own' && ['tmux', 'procs'].every((name) => sectionAge(host, name) === null)
  return seen ? `${processes} outside tmux` : `${processes}, tmux unknown`
}

/** What a tmux session holds of GPUs, in words; '' when nothing, null when it is not known. */
export function sayHeld(tmux: TmuxSession): string | null {
  if (tmux.gpu_memory_mb === null) return null
  if (tmux.gpu_memory_mb === 0) return ''
  const known = tmux.gpus.filter(({ index }) => index !== null)
  if (known.length === 0) return `${memory(tmux.gpu_memory_mb)} of GPU memory`
  if (known.length > 3) return `${memory(tmux.gpu_memory_mb)} of ${counted(known.length, 'GPU')}`
  return `${memory(tmux.gpu_memory_mb)} of GPU ${known.map(({ index }) => index).join(', ')}`
}

/** One GPU, and which of these tmux sessions hold memory of it. */
export interface GpuLine {
  host: Host
  gpu: Gpu
  /** The one that holds most first. */
  holders: TmuxSession[]
  heldMb: number
  /** What one of them holds is not known. */
  partial: boolean
  /** What else of it is taken: by processes outside tmux, by other tmux sessions, by its driver. Null: not known. */
  elseMb: number | null
  /** Who runs what holds that, as far as it is told. */
  others: string[]
}

/** The GPUs that any of these tmux sessions holds memory of, the most held first. */
export function gpuLines(list: HostedTmux[]): GpuLine[] {
  const lines = new Map<string, { host: Host; gpu: Gpu; found: { tmux: TmuxSession; mb: number | null }[] }>()
  for (const { tmux, host } of list)
    for (const { uuid, memory_mb } of tmux.gpus) {
      const gpu = host.gpus.find((one) => one.uuid === uuid)
      if (gpu === undefined || memory_mb === 0) continue
      const key = `${host.name} ${uuid}`
      const line = lines.get(key) ?? { host, gpu, found: [] }
      line.found.push({ tmux, mb: memory_mb })
      lines.set(key, line)
    }
  return [...lines.values()]
    .map(({ host, gpu, found }) => {
      const heldMb = found.reduce((sum, { mb }) => sum + (mb ?? 0), 0)
      const partial = found.some(({ mb }) => mb === null)
      const holders = found.toSorted((a, b) => (b.mb ?? 0) - (a.mb ?? 0)).map(({ tmux }) => tmux)
      const elseMb = gpu.memory_used_mb === null ? null : Math.max(0, gpu.memory_used_mb - heldMb)
      return { host, gpu, holders, heldMb, partial, elseMb, others: othersOn(gpu, holders) }
    })
    .sort((a, b) => b.heldMb - a.heldMb)
}

function othersOn(gpu: Gpu, holders: TmuxSession[]): string[] {
  const known = new Set(holders.map(({ id }) => id))
  const users = (gpu.processes ?? []).flatMap(({ tmux, user }) =>
    tmux !== undefined && known.has(tmux) ? [] : [user ?? 'user unknown'],
  )
  return [...new Set(users)]
}

/** "GPU 0"; of one that was lost, where it sits. */
export function gpuName({ index, bus_id }: Pick<Gpu, 'index' | 'bus_id'>): string {
  return index === null ? `GPU at ${bus_id ?? 'an unknown place'}` : `GPU ${index}`
}

/** The model without what all of them are called. */
export function gpuModel(name: string): string {
  return name.replace(/^(NVIDIA|AMD|Intel(\(R\))?)\s+(?=\S)/i, '').replace(/^GeForce\s+/i, '')
}
