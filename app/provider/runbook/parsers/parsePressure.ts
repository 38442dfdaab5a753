import { parseSections } from './parseSections.ts'
import { toNumber } from './toNumber.ts'

export type Resource = 'cpu' | 'memory' | 'io'

export interface Stall {
  /** Share of the time between the two samples, 0…100; null with only one. */
  nowPercent: number | null
  /** The kernel's own average over 10 s. */
  avg10Percent: number | null
}

/** `some`: at least one task waited; `full`: all of them did, nothing got done. Null where the kernel says nothing. */
export type Pressure = Partial<Record<Resource, { some: Stall | null; full: Stall | null }>>

/**
 * Reads `/proc/uptime` and `/proc/pressure/*`, each twice, labelled by `head`. `total` counts microseconds since
 * boot, so two samples over the uptime between them say what is true now (kernel Documentation/accounting/psi).
 */
export function parsePressure(text: string): Pressure {
  const sections = parseSections(text)
  const of = (path: string) => sections.filter((section) => section.path === path)
  const [start, end] = of('/proc/uptime').map(({ lines }) => toNumber(lines[0]?.trim().split(/\s+/)[0]))
  const seconds = start == null || end == null || end <= start ? null : end - start
  const pressure: Pressure = {}
  for (const resource of ['cpu', 'memory', 'io'] as const) {
    const samples = of(`/proc/pressure/${resource}`).map(({ lines }) => lines)
    const some = stallOf(samples, 'some', seconds)
    const full = stallOf(samples, 'full', seconds)
    if (some !== null || full !== null) pressure[resource] = { some, full }
  }
  return pressure
}

function stallOf(samples: string[][], kind: 'some' | 'full', seconds: number | null): Stall | null {
  const read = samples.map((lines) => {
    const line = lines.find((one) => one.startsWith(`${kind} `)) ?? ''
    const field = (name: string) => toNumber(new RegExp(` ${name}=(\\S+)`).exec(line)?.[1])
    return { avg10: field('avg10'), total: field('total') }
  })
  const [first, second] = read
  const last = read.at(-1)
  if (!first || !last || (last.avg10 === null && last.total === null)) return null
  const us =
    second === undefined || first.total === null || second.total === null ? null : second.total - first.total
  const nowPercent = us === null || seconds === null || us < 0 ? null : Math.min(100, us / seconds / 10_000)
  return { nowPercent, avg10Percent: last.avg10 }
}
