import type { Gpu, Host } from '#app/schema/fleet.ts'
import { age } from '#ui/text/duration.ts'

const sectionOf: Record<Gpu['vendor'], string> = { nvidia: 'gpu', amd: 'amd', intel: 'intel' }

/** How old what a section told is, in words, where its newest reading failed; null while it can be read. */
export function sectionAge(host: Host, section: string): string | null {
  const known = host.sections[section]
  if (known === undefined || known.ok) return null
  return known.age_s === null ? 'never read' : `${age(known.age_s * 1000)} old`
}

export function gpuAge(host: Host, gpu: Gpu): string | null {
  return sectionAge(host, sectionOf[gpu.vendor])
}
