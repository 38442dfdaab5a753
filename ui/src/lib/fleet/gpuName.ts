import type { Gpu } from '#app/schema/fleet.ts'

/** "GPU 0"; of one that was lost, where it sits. */
export function gpuName({ index, bus_id }: Pick<Gpu, 'index' | 'bus_id'>): string {
  return index === null ? `GPU at ${bus_id ?? 'an unknown place'}` : `GPU ${index}`
}

/** The model without what all of them are called. */
export function gpuModel(name: string): string {
  return name.replace(/^(NVIDIA|AMD|Intel(\(R\))?)\s+(?=\S)/i, '').replace(/^GeForce\s+/i, '')
}
