import type { Level } from '#app/schema/events.ts'
import type { Threshold, Thresholds } from '#app/schema/preset.ts'
import { checked, unchecked, type Judgement, type ProbeOutput } from './Judgement.ts'
import { levelOf, lowerLevel } from './levelOf.ts'
import { parsePressure, type Resource, type Stall } from './parsers/parsePressure.ts'
import { whyNot } from './whyNot.ts'

const looks = [
  { resource: 'memory', kind: 'full', topic: 'memory', words: 'all work stood still for want of memory' },
  { resource: 'io', kind: 'full', topic: 'disk', words: 'all work stood still for want of disks' },
  { resource: 'cpu', kind: 'some', topic: 'cpu', words: 'something waited for a processor' },
] as const satisfies { resource: Resource; kind: 'some' | 'full'; topic: string; words: string }[]

/**
 * That something waits for a processor is what a busy machine is for; that all work stands still is not.
 */
export function judgePressure(output: ProbeOutput, thresholds: Thresholds<'pressure'>): Judgement[] {
  const pressure = parsePressure(output.stdout)
  const found = looks.flatMap(({ resource, kind, topic, words }) => {
    const stall: Stall | null = pressure[resource]?.[kind] ?? null
    const { nowPercent = null, avg10Percent = null } = stall ?? {}
    const percent = nowPercent ?? avg10Percent
    if (percent === null) return []
    const level = resource === 'cpu' ? 'ok' : judge(percent, avg10Percent, thresholds[`${resource}_percent`])
    const value = Math.round(percent)
    const over = nowPercent === null ? 'of the last 10 s' : 'of the last second'
    const text = `For ${value} % ${over} ${words}.`
    return [checked({ level, topic, text, value, unit: '%' })]
  })
  if (found.length > 0) return found
  const why =
    /not supported|No such file/i.test(output.stderr) || output.stderr === ''
      ? 'this kernel does not measure it (older than 4.20, or switched off)'
      : whyNot(output)
  return [unchecked('pressure (PSI)', why)]
}

/** Trouble only when the last second and the last ten agree: a single hiccup is none. */
function judge(percent: number, avg10Percent: number | null, threshold: Threshold): Level {
  return lowerLevel(levelOf(percent, threshold), levelOf(avg10Percent ?? percent, threshold))
}
