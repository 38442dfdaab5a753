import { checked, unchecked, type Judgement, type ProbeOutput } from './Judgement.ts'
import { toNumber } from './parsers/toNumber.ts'
import { durationText } from './wording.ts'
import { whyNot } from './whyNot.ts'

/** Reads `/proc/uptime`: a guest that runs a command is alive. */
export function judgeAnswers(output: ProbeOutput): Judgement[] {
  const uptimeS = toNumber(output.stdout.trim().split(/\s+/)[0])
  if (uptimeS === null) return [unchecked('the guest', whyNot(output), true)]
  const text = `The guest answers over SSH and is up for ${durationText(uptimeS)}.`
  return [checked({ level: 'ok', topic: 'reach', text, value: Math.round(uptimeS), unit: 's' })]
}
