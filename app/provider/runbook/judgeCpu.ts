import type { Thresholds } from '#app/schema/preset.ts'
import { checked, unchecked, type Judgement, type ProbeOutput } from './Judgement.ts'
import { levelOf, lowerLevel } from './levelOf.ts'
import { parseCpu } from './parsers/parseCpu.ts'
import { count } from './wording.ts'
import { whyNot } from './whyNot.ts'

/**
 * A busy second is no trouble, and neither is a queue that has drained: processors are short only when they are
 * busy now and the load over the last minute says that work waits for them.
 */
export function judgeCpu(output: ProbeOutput, thresholds: Thresholds<'cpu'>): Judgement[] {
  const { busyPercent, iowaitPercent, stealPercent, cores, load } = parseCpu(output.stdout)
  const judgements: Judgement[] = []
  const perCore = load === null || cores === null ? null : load[0] / cores
  const queue = perCore === null ? 'ok' : levelOf(perCore, thresholds.load_per_core)
  if (busyPercent === null) judgements.push(unchecked('how busy the processors are', whyNot(output)))
  else {
    const busy = Math.round(busyPercent)
    const level = lowerLevel(levelOf(busyPercent, thresholds.busy_percent), queue)
    const waiting = load === null ? '' : `, load ${load.map((one) => one.toFixed(2)).join(' ')}`
    const on = cores === null ? '' : ` on ${count(cores, 'core')}`
    judgements.push(
      checked({
        level,
        topic: 'cpu',
        text:
          level === 'ok'
            ? `The processors are ${busy} % busy${on}${waiting}.`
            : `The processors cannot keep up: ${busy} % busy${on}${waiting}.`,
        value: busy,
        unit: '%',
        figure: `processors ${busy} % busy`,
      }),
    )
  }
  if (iowaitPercent !== null) {
    const waiting = Math.round(iowaitPercent)
    const level = levelOf(iowaitPercent, thresholds.iowait_percent)
    const text = `Processors spend ${waiting} % of their time waiting for disks.`
    judgements.push(checked({ level, topic: 'disk', text, value: waiting, unit: '%' }))
  }
  if (stealPercent !== null) {
    const stolen = Math.round(stealPercent)
    const level = levelOf(stealPercent, thresholds.steal_percent)
    const text = `The hypervisor gives ${stolen} % of the processors' time to others (steal).`
    const advice = 'Look at what else runs on the hypervisor.'
    judgements.push(checked({ level, topic: 'cpu', text, value: stolen, unit: '%', advice }))
  }
  if (queue !== 'ok' && load !== null && levelOf(busyPercent ?? 0, thresholds.busy_percent) === 'ok') {
    const text = `The load is ${load[0].toFixed(1)} although the processors are not busy: work waits for disks or a network filesystem, or the rush has just ended.`
    judgements.push(checked({ level: 'warn', topic: 'disk', text, value: load[0] }))
  }
  return judgements
}
