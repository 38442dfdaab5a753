import type { Thresholds } from '#app/schema/preset.ts'
import { checked, unchecked, type Judgement, type ProbeOutput } from './Judgement.ts'
import { levelOf } from './levelOf.ts'
import { parseMemory } from './parsers/parseMemory.ts'
import { sizeText } from './wording.ts'
import { whyNot } from './whyNot.ts'

const pageKb = 4

export function judgeMemory(output: ProbeOutput, thresholds: Thresholds<'memory'>): Judgement[] {
  const { totalKb, availableKb, swapTotalKb, swapFreeKb, swapPages } = parseMemory(output.stdout)
  const judgements: Judgement[] = []
  if (totalKb === null || availableKb === null || totalKb === 0) {
    const why =
      totalKb === null ? whyNot(output) : 'this kernel does not say how much is available (older than 3.14)'
    judgements.push(unchecked('how much memory is available', why, totalKb === null))
  } else {
    const used = Math.round((1 - availableKb / totalKb) * 100)
    const level = levelOf(used, thresholds.used_percent)
    const swap = swapTotalKb === 0 ? ', and there is no swap' : ''
    judgements.push(
      checked({
        level,
        topic: 'memory',
        text:
          level === 'ok'
            ? `Memory is ${used} % used: ${sizeText(availableKb)} of ${sizeText(totalKb)} available.`
            : `Memory is running out: ${used} % used, ${sizeText(availableKb)} of ${sizeText(totalKb)} available${swap}.`,
        value: used,
        unit: '%',
        figure: `memory ${used} % used`,
      }),
    )
  }
  if (swapTotalKb !== null && swapFreeKb !== null && swapTotalKb > 0 && swapPages !== null) {
    const mb = Math.round((swapPages * pageKb) / 1024)
    const level = levelOf(mb, thresholds.swap_mb_per_s)
    const full = `swap ${Math.round((1 - swapFreeKb / swapTotalKb) * 100)} % of ${sizeText(swapTotalKb)} used`
    const text =
      level === 'ok'
        ? `Swapping ${mb} MB a second, ${full}.`
        : `Memory is short and the machine is busy swapping: ${mb} MB a second, ${full}.`
    judgements.push(checked({ level, topic: 'memory', text, value: mb, unit: 'MB/s' }))
  }
  return judgements
}
