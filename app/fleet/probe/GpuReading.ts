import type { Gpu } from '#app/schema/fleet.ts'

/** A GPU as its vendor's tool says it, without its processes. */
export type GpuReading = Omit<Gpu, 'processes' | 'unreadable' | 'state'>

export interface GpuProcessReading {
  /** Of the GPU, or of a MIG part of it. */
  uuid: string
  pid: number
  name: string | null
  memoryMb: number | null
}

export interface GpusReading {
  gpus: GpuReading[]
  /** Without a handle: fallen off the bus, or needing a reset. */
  lost: { busId: string; text: string }[]
  /** Asleep to save power; to ask them would wake them. */
  suspended: string[]
  /** What the program said in place of figures. */
  said: string[]
  /** Lines that are no figures, though it ended well. */
  unread: number
  /** Whether what is not listed is not there. */
  complete: boolean
}
