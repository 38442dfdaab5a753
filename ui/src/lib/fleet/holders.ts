import type { Gpu, Host, TmuxSession } from '#app/schema/fleet.ts'
import { counted, memory } from './figures.ts'

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

/** What a tmux session holds of GPUs, in words; '' when nothing, null when it is not known. */
export function sayHeld(tmux: TmuxSession): string | null {
  if (tmux.gpu_memory_mb === null) return null
  if (tmux.gpu_memory_mb === 0) return ''
  const known = tmux.gpus.filter(({ index }) => index !== null)
  if (known.length === 0) return `${memory(tmux.gpu_memory_mb)} of GPU memory`
  if (known.length > 3) return `${memory(tmux.gpu_memory_mb)} of ${counted(known.length, 'GPU')}`
  return `${memory(tmux.gpu_memory_mb)} of GPU ${known.map(({ index }) => index).join(', ')}`
}
