/** What is not known is a dash, never 0. */
export const dash = '—'

/** A GB counts 1,024 MB, as the probe's MB count 1,048,576 bytes. */
const gb = 1024

function inGb(mb: number): string {
  const value = mb / gb
  return value < 99.95 ? value.toFixed(1) : String(Math.round(value))
}

/** "640 MB", "21.9 GB", "181 GB". */
export function memory(mb: number | null): string {
  if (mb === null) return dash
  return mb < 1000 ? `${Math.round(mb)} MB` : `${inGb(mb)} GB`
}

/** A sum in which something may be missing: then it is the least, and without anything known a dash. */
export function memoryAtLeast(mb: number, partial: boolean): string {
  if (!partial) return memory(mb)
  return mb === 0 ? dash : `at least ${memory(mb)}`
}

/** "21.9 / 24.0 GB"; what is missing of it is a dash. */
export function memoryOf(usedMb: number | null, totalMb: number | null): string {
  if (usedMb === null && totalMb === null) return dash
  const part = (mb: number | null): string => (mb === null ? dash : inGb(mb))
  return `${part(usedMb)} / ${part(totalMb)} GB`
}

/** "414 / 450 W". */
export function wattsOf(draw: number | null, limit: number | null): string {
  if (draw === null && limit === null) return dash
  const part = (watts: number | null): string => (watts === null ? dash : String(Math.round(watts)))
  return `${part(draw)} / ${part(limit)} W`
}

/** "38 %", "0.4 %" below one. */
export function percent(value: number | null): string {
  if (value === null) return dash
  return `${value > 0 && value < 0.95 ? value.toFixed(1) : Math.round(value)} %`
}

export function degrees(value: number | null): string {
  return value === null ? dash : `${Math.round(value)} °C`
}

/** How much of a bar is filled, in percent; null where one of the two is missing. */
export function share(part: number | null, whole: number | null): number | null {
  if (part === null || whole === null || whole <= 0) return null
  return Math.min(100, Math.max(0, (part / whole) * 100))
}

/** An age as one glances at it: "40s", "12m", "3h", "2d". */
export function shortAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`
}

export type Level = 'calm' | 'warn' | 'crit'

/** How a figure is drawn; missing is calm, and so is all below `warn`. */
export function levelOf(value: number | null, warn: number, crit = Infinity): Level {
  if (value === null || value < warn) return 'calm'
  return value < crit ? 'warn' : 'crit'
}

/** "1 window", "5 windows". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
