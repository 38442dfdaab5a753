import type { Thresholds } from '#app/schema/preset.ts'
import { checked, unchecked, type Judgement, type ProbeOutput } from './Judgement.ts'
import { levelOf } from './levelOf.ts'
import { parseLimits } from './parsers/parseLimits.ts'
import { durationText } from './wording.ts'
import { whyNot } from './whyNot.ts'

const justBootedS = 600

/** Tables of the kernel that can run full: open files, and processes with their threads. And since when it runs. */
export function judgeLimits(output: ProbeOutput, thresholds: Thresholds<'limits'>): Judgement[] {
  const { files, threads, uptimeS } = parseLimits(output.stdout)
  const judgements: Judgement[] = []
  for (const [what, limit] of [
    ['open files', files],
    ['processes and threads', threads],
  ] as const) {
    if (limit === null) {
      judgements.push(unchecked(`the limit of ${what}`, whyNot(output)))
      continue
    }
    const percent = Math.round((limit.used / limit.max) * 100)
    const level = levelOf(percent, thresholds.used_percent)
    const text =
      level === 'ok'
        ? `${limit.used} ${what}, ${percent} % of what the kernel allows.`
        : `The kernel runs out of ${what}: ${limit.used} of ${limit.max} (${percent} %).`
    judgements.push(checked({ level, topic: 'services', text, value: percent, unit: '%' }))
  }
  if (uptimeS !== null) {
    const since = uptimeS < justBootedS ? 'It has just been started' : 'It runs'
    const text = `${since}: up for ${durationText(uptimeS)}.`
    judgements.push(
      checked({
        level: 'ok',
        topic: 'kernel',
        text,
        value: Math.round(uptimeS),
        unit: 's',
        figure: `up for ${durationText(uptimeS)}`,
      }),
    )
  }
  return judgements
}
