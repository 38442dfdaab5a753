import type { Thresholds } from '#app/schema/preset.ts'
import { checked, unchecked, type Judgement, type ProbeOutput } from './Judgement.ts'
import { levelOf } from './levelOf.ts'
import { parseCgroups } from './parsers/parseCgroups.ts'
import { nameText, sizeText } from './wording.ts'

/** Services and containers that are about to be killed for going over a memory limit of their own. */
export function judgeCgroups(output: ProbeOutput, thresholds: Thresholds<'cgroups'>): Judgement[] {
  if (
    output.exit_code === null ||
    output.exit_code > 1 ||
    /not found|unrecognized|invalid option/i.test(output.stderr)
  )
    return [
      unchecked(
        'memory limits of services and containers',
        'grep there cannot search by file name, or there are no control groups',
      ),
    ]
  const groups = parseCgroups(output.stdout)
    .map((group) => ({ ...group, percent: Math.round((group.used / group.limit) * 100) }))
    .sort((a, b) => b.percent - a.percent)
  const [first] = groups
  if (!first) {
    const text = 'No service or container has a memory limit of its own.'
    return [checked({ level: 'ok', topic: 'memory', text, value: 0, unit: 'limits' })]
  }
  return groups.flatMap((group, at) => {
    const level = levelOf(group.percent, thresholds.used_percent)
    if (level === 'ok' && at > 0) return []
    const { path, percent, used, limit } = group
    const sizes = `${sizeText(used / 1024)} of ${sizeText(limit / 1024)}`
    const text =
      level === 'ok'
        ? `Closest to its memory limit: ${nameText(path)} at ${percent} % (${sizes}).`
        : `${nameText(path)} is at ${percent} % of its memory limit (${sizes}): the kernel is about to kill in it.`
    return [checked({ level, topic: 'memory', text, value: percent, unit: '%' })]
  })
}
