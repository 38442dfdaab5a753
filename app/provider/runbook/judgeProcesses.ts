import type { Thresholds } from '#app/schema/preset.ts'
import { checked, unchecked, type Checked, type Judgement, type ProbeOutput } from './Judgement.ts'
import { levelOf } from './levelOf.ts'
import { parseProcesses, type Process, type ProcessReading } from './parsers/parseProcesses.ts'
import { count, listText, nameText, sizeText } from './wording.ts'
import { whyNot } from './whyNot.ts'

const kernelThreads = 2

export function judgeProcesses(output: ProbeOutput, thresholds: Thresholds<'processes'>): Judgement[] {
  const reading = parseProcesses(output.stdout)
  const { processes } = reading
  if (processes.length === 0) return [unchecked('the processes', whyNot(output))]
  return [
    judgeBlocked(reading, thresholds),
    judgeZombies(processes, thresholds),
    ...biggest(processes),
    ...busiest(reading),
  ]
}

/** A process in D state waits in the kernel. Once is normal; in two samples a second apart it may be stuck. */
function judgeBlocked({ processes, later }: ProcessReading, thresholds: Thresholds<'processes'>): Checked {
  const blocked = processes.filter(
    ({ pid, ppid, state }) =>
      ppid !== kernelThreads &&
      state.startsWith('D') &&
      (later.size === 0 || later.get(pid)?.state.startsWith('D')),
  )
  const level = later.size === 0 ? 'ok' : levelOf(blocked.length, thresholds.blocked)
  const who = blocked.length === 0 ? '' : `: ${listText(blocked.map(named))}`
  const are = blocked.length === 1 ? 'hangs' : 'hang'
  return checked({
    level,
    topic: 'disk',
    text:
      level === 'ok'
        ? `${count(blocked.length, 'process', 'processes')} waiting for a disk or a network filesystem${who}.`
        : `${count(blocked.length, 'process', 'processes')} ${are} on a disk or a network filesystem (D state)${who}.`,
    value: blocked.length,
    unit: 'processes',
    advice: 'They cannot be killed: find the disk or the server that does not answer.',
  })
}

function judgeZombies(processes: Process[], thresholds: Thresholds<'processes'>): Checked {
  const zombies = processes.filter(({ state }) => state.startsWith('Z'))
  const level = levelOf(zombies.length, thresholds.zombies)
  const parents = Map.groupBy(zombies, ({ ppid }) => ppid)
  const worst = [...parents].sort(([, a], [, b]) => b.length - a.length)[0]
  const parent = worst && processes.find(({ pid }) => pid === worst[0])
  const of = level === 'ok' || !parent ? '' : `, most of them left by ${named(parent)}`
  const text = `${count(zombies.length, 'zombie process', 'zombie processes')}${of}.`
  const advice = parent && `Restart ${nameText(parent.name)}: it does not collect its children.`
  return checked({
    level,
    topic: 'services',
    text,
    value: zombies.length,
    unit: 'processes',
    ...(advice === undefined ? {} : { advice }),
  })
}

function biggest(processes: Process[]): Checked[] {
  const [first, ...others] = processes.toSorted((a, b) => b.rssKb - a.rssKb).slice(0, 3)
  if (!first || first.rssKb === 0) return []
  const text = `Most memory: ${[first, ...others].map((one) => `${named(one)} ${sizeText(one.rssKb)}`).join(', ')}.`
  return [checked({ level: 'ok', topic: 'memory', text, value: Math.round(first.rssKb / 1024), unit: 'MB' })]
}

/** By the processor time between the two samples; `ps` counts whole seconds, so only a full core shows. */
function busiest({ processes, later }: ProcessReading): Checked[] {
  const grown = processes.flatMap((process) => {
    const then = process.cpuS
    const now = later.get(process.pid)?.cpuS ?? null
    return then === null || now === null || now <= then ? [] : [{ process, seconds: now - then }]
  })
  const [first, ...others] = grown.sort((a, b) => b.seconds - a.seconds).slice(0, 3)
  if (!first) return []
  const text = `Busiest in the last second: ${[first, ...others].map(({ process }) => named(process)).join(', ')}.`
  return [checked({ level: 'ok', topic: 'cpu', text, value: named(first.process) })]
}

function named({ name, pid, user }: Process): string {
  return `${nameText(name, 40)} (pid ${pid}, ${nameText(user, 20)})`
}
