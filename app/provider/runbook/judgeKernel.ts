import type { Level } from '#app/schema/events.ts'
import type { Thresholds } from '#app/schema/preset.ts'
import { judgeKills } from './judgeOom.ts'
import {
  checked,
  unchecked,
  type Checked,
  type Judgement,
  type ProbeOutput,
  type Topic,
} from './Judgement.ts'
import { isRecent, sinceText, whyLogUnreadable } from './kernelLog.ts'
import { levelOf } from './levelOf.ts'
import { classifyKernel, type KernelTrouble } from './parsers/classifyKernel.ts'
import { parseKernelLog, type KernelMessage } from './parsers/parseKernelLog.ts'
import { listText, nameText } from './wording.ts'

interface Kind {
  trouble: KernelTrouble
  topic: Topic
  level: Level
  words: string
  advice?: string
}

const kinds: Kind[] = [
  {
    trouble: 'hardware',
    topic: 'kernel',
    level: 'crit',
    words: 'a hardware error',
    advice: 'Save what matters: memory, processor or board is failing.',
  },
  {
    trouble: 'disk',
    topic: 'disk',
    level: 'crit',
    words: 'a disk or filesystem error',
    advice: 'Look at the disk (smartctl) and at the backup before anything else.',
  },
  { trouble: 'lockup', topic: 'kernel', level: 'crit', words: 'that it hung itself' },
  { trouble: 'hung', topic: 'disk', level: 'crit', words: 'a process that hung for minutes' },
  { trouble: 'network_disk', topic: 'disk', level: 'crit', words: 'a file server that does not answer' },
  { trouble: 'corrected', topic: 'kernel', level: 'warn', words: 'hardware errors that were corrected' },
]

/** What the kernel logged in the last day. What is older than an hour is at most worth a look. */
export function judgeKernel(output: ProbeOutput, thresholds: Thresholds<'kernel'>): Judgement[] {
  const reading = parseKernelLog(output.stdout)
  const of = Map.groupBy(reading.messages, ({ text }) => classifyKernel(text))
  const troubles = [
    ...judgeKills(reading),
    ...kinds.flatMap((kind) => judgeKind(kind, of.get(kind.trouble) ?? [])),
    ...judgeCrashes(of.get('segfault') ?? [], thresholds),
  ]
  if (!reading.readable) return [...troubles, unchecked('the kernel log', ...whyLogUnreadable(output))]
  if (troubles.some(({ level }) => level !== 'ok')) return troubles
  const text = 'No trouble in the kernel log of the last day.'
  return [...troubles, checked({ level: 'ok', topic: 'kernel', text, value: 0, unit: 'messages' })]
}

function judgeKind({ trouble, topic, level, words, advice }: Kind, found: KernelMessage[]): Checked[] {
  const last = found.at(-1)
  if (last === undefined) return []
  const isBack = trouble === 'network_disk' && / OK\b/.test(last.text)
  const times = found.length === 1 ? '' : `, ${found.length} messages in all`
  return [
    checked({
      level: isRecent(found) && !isBack ? level : 'warn',
      topic,
      text: `The kernel reported ${words}${sinceText(found)}${times}: ${nameText(last.text, 140)}`,
      value: found.length,
      unit: 'messages',
      ...(advice === undefined ? {} : { advice }),
    }),
  ]
}

/** Programs crash now and then; many in an hour are a sign of bad memory, a bad update, or an attack. */
function judgeCrashes(messages: KernelMessage[], thresholds: Thresholds<'kernel'>): Checked[] {
  const crashes = messages.filter((message) => message.ageS === null || isRecent([message]))
  const level = levelOf(crashes.length, thresholds.segfaults_per_h)
  if (level === 'ok') return []
  const names = [...new Set(crashes.map(({ text }) => nameText(text.split(/[[:]/)[0] ?? '', 30)))]
  const text = `${crashes.length} programs crashed in the last hour: ${listText(names)}.`
  return [checked({ level, topic: 'services', text, value: crashes.length, unit: 'crashes' })]
}
