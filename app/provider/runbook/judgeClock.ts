import type { Thresholds } from '#app/schema/preset.ts'
import { checked, unchecked, type Judgement, type ProbeOutput } from './Judgement.ts'
import { levelOf } from './levelOf.ts'
import { parseClock } from './parsers/parseClock.ts'
import { durationText } from './wording.ts'
import { whyNot } from './whyNot.ts'

/** The target's clock lies between the begin and the end of the probe by this server's clock, or it is off. */
export function judgeClock(output: ProbeOutput, thresholds: Thresholds<'clock'>): Judgement[] {
  const { nowS, synchronised } = parseClock(output.stdout)
  if (nowS === null) return [unchecked('the clock', whyNot(output))]
  const end = Date.parse(output.at) / 1000
  const begin = end - output.duration_ms / 1000
  // `date` cuts its second off, and the event is dated a little after the command's end.
  // Adding 0 turns -0, which `Math.round` makes of small lags, into 0.
  const offset = Math.round(nowS < begin - 1 ? nowS + 1 - begin : Math.max(0, nowS - end)) + 0
  const level = levelOf(Math.abs(offset), thresholds.offset_s)
  const kept =
    synchronised === null
      ? '; whether anything keeps it right could not be checked (neither timedatectl nor chrony answers)'
      : synchronised
        ? ' and it is kept right by NTP'
        : ' and nothing keeps it right (NTP is not synchronised)'
  const text =
    level === 'ok'
      ? `The clock agrees with this server's${kept}.`
      : `The clock is ${durationText(Math.abs(offset))} ${offset > 0 ? 'ahead of' : 'behind'} this server's${kept}.`
  return [checked({ level, topic: 'clock', text, value: offset, unit: 's' })]
}
