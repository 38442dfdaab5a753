import { checked, unchecked, type Checked, type Judgement, type ProbeOutput } from './Judgement.ts'
import { isRecent, sinceText, whyLogUnreadable } from './kernelLog.ts'
import { classifyKernel, oomVictim } from './parsers/classifyKernel.ts'
import { parseKernelLog, type KernelMessage, type KernelReading } from './parsers/parseKernelLog.ts'
import { count, listText, nameText } from './wording.ts'

const figure = 'nothing killed for want of memory'

/** Kills for want of memory alone, for a probe that asks the kernel log for nothing else. */
export function judgeOom(output: ProbeOutput): Judgement[] {
  const reading = parseKernelLog(output.stdout)
  const { readable } = reading
  const found = judgeKills(reading)
  const quiet = found.length === 0 && readable
  const text = 'The kernel killed nothing for want of memory in the last day.'
  return [
    ...found,
    ...(quiet ? [checked({ level: 'ok', topic: 'memory', text, value: 0, unit: 'kills', figure })] : []),
    ...(readable
      ? []
      : [unchecked('when processes were killed for want of memory', ...whyLogUnreadable(output))]),
  ]
}

/**
 * The log tells who was killed and when. The kernel's own counter tells that it happened, also where the log
 * cannot be read; empty where there is neither.
 */
export function judgeKills({ messages, oomKills, readable }: KernelReading): Checked[] {
  const kills = messages.filter(({ text }) => classifyKernel(text) === 'oom')
  if (kills.length > 0) return [killed(kills)]
  if (oomKills === null) return []
  const many = count(oomKills, 'process', 'processes')
  const text =
    oomKills === 0
      ? 'No process was killed for want of memory since boot.'
      : readable
        ? `Since boot the kernel killed ${many} for want of memory, none of them in the last day.`
        : `Since boot the kernel killed ${many} for want of memory; when, its counter does not tell.`
  const level = oomKills > 0 && !readable ? 'warn' : 'ok'
  return [checked({ level, topic: 'memory', text, value: oomKills, unit: 'kills', figure })]
}

function killed(kills: KernelMessage[]): Checked {
  // Older kernels tell each kill in two lines: the intention, and the end.
  const ended = kills.filter(({ text }) => /Killed process/i.test(text))
  const told = ended.length > 0 ? ended : kills
  const names = told
    .flatMap(({ text }) => oomVictim(text) ?? [])
    .map(({ name, pid }) => `${nameText(name, 30)} (pid ${pid})`)
  const who = names.length === 0 ? '' : `: ${listText([...new Set(names)].reverse())}`
  const limited = told.every(({ text }) => /Memory cgroup out of memory/i.test(text))
  const limit = limited ? ' It went over a limit of its own service or container, not of the machine.' : ''
  return checked({
    level: isRecent(told) ? 'crit' : 'warn',
    topic: 'memory',
    text: `Out of memory: the kernel killed ${count(told.length, 'process', 'processes')}${sinceText(told)}${who}.${limit}`,
    value: told.length,
    unit: 'kills',
  })
}
