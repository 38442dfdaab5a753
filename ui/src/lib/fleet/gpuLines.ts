import type { Gpu, Host, TmuxSession } from '#app/schema/fleet.ts'
import type { HostedTmux } from './filterHosts.ts'

/** One GPU, and which of these tmux sessions hold memory of it. */
export interface GpuLine {
  host: Host
  gpu: Gpu
  /** The one that holds most first. */
  holders: TmuxSession[]
  heldMb: number
}

/** The GPUs that any of these tmux sessions holds memory of, the most held first. */
export function gpuLines(list: HostedTmux[]): GpuLine[] {
  const lines = new Map<string, GpuLine>()
  for (const { tmux, host } of list)
    for (const { uuid, memory_mb } of tmux.gpus) {
      const gpu = host.gpus.find((one) => one.uuid === uuid)
      if (gpu === undefined || memory_mb === null || memory_mb === 0) continue
      const key = `${host.name} ${uuid}`
      const line = lines.get(key) ?? { host, gpu, holders: [], heldMb: 0 }
      lines.set(key, { ...line, holders: [...line.holders, tmux], heldMb: line.heldMb + memory_mb })
    }
  const heldBy = (tmux: TmuxSession, uuid: string): number =>
    tmux.gpus.find((one) => one.uuid === uuid)?.memory_mb ?? 0
  return [...lines.values()]
    .map((line) => ({
      ...line,
      holders: line.holders.toSorted((a, b) => heldBy(b, line.gpu.uuid) - heldBy(a, line.gpu.uuid)),
    }))
    .sort((a, b) => b.heldMb - a.heldMb)
}
