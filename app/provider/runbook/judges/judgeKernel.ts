import type { Level } from '#app/schema/events.ts'
import type { Thresholds } from '#app/schema/preset.ts'
import {
  checked,
  unchecked,
  type Checked,
  type Judgement,
  type ProbeOutput,
  type Topic,
} from '../Judgement.ts'
import { levelOf } from '../levelOf.ts'
import { classifyKernel, oomVictim, type KernelTrouble } from '../parsers/classifyKernel.ts'
import { parseKernelLog, type KernelMessage } from '../parsers/parseKernelLog.ts'
import { count, durationText, listText, nameText } from '../wording.ts'

const hourS = 3600

const kinds: { trouble: KernelTrouble; topic: Topic; level: Level; words: string; advice?: string }[] = [
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
    advice: 'Check the disk (smartctl) and the backup before anything else.',
  },
  { trouble: 'lockup', topic: 'kernel', level: 'crit', words: 'a processor that hung in the kernel' },
  { trouble: 'hung', topic: 'disk', level: 'crit', words: 'a process that hung for minutes' },
  { trouble: 'network_disk', topic: 'disk', level: 'crit', words: 'a file server that does not answer' },
]

/** What the kernel logged in the last day. Within the hour it is judged as it is; what is older, one level calmer. */
export function judgeKernel(output: ProbeOutput, thresholds: Thresholds<'kernel'>): Judgement[] {
  const { messages, oomKills } = parseKernelLog(output.stdout)
  const of = Map.groupBy(messages, ({ text }) => classifyKernel(text))
  const judgements: Judgement[] = [judgeOom(of.get('oom') ?? [], oomKills, isReadable(output))].flat()
  for (const { trouble, topic, level, words, advice } of kinds) {
    const found = of.get(trouble) ?? []
    const last = found.at(-1)
    if (last === undefined) continue
    const times = found.length === 1 ? '' : `, ${found.length} messages in all`
    judgements.push(
      checked({
        level: isRecent(found) ? level : 'warn',
        topic,
        text: `The kernel reported ${words}${ago(found)}${times}: ${nameText(last.text, 140)}`,
        value: found.length,
        unit: 'messages',
        ...(advice === undefined ? {} : { advice }),
      }),
    )
  }
  const crashes = (of.get('segfault') ?? []).filter(({ ageS }) => ageS === null || ageS <= hourS)
  const level = levelOf(crashes.length, thresholds.segfaults_per_h)
  if (level !== 'ok') {
    const names = [...new Set(crashes.map(({ text }) => nameText(text.split('[')[0] ?? '', 30)))]
    const text = `${crashes.length} programs crashed in the last hour: ${listText(names)}.`
    judgements.push(checked({ level, topic: 'services', text, value: crashes.length, unit: 'crashes' }))
  }
  if (!isReadable(output))
    judgements.push(
      unchecked('the kernel log', whyUnreadable(output), /permi|privil|not seeing/i.test(output.stderr)),
    )
  else if (judgements.every((one) => one.kind === 'unchecked' || one.level === 'ok'))
    judgements.push(
      checked({
        level: 'ok',
        topic: 'kernel',
        text: 'No trouble in the kernel log of the last day.',
        value: 0,
        unit: 'messages',
        figure: 'a quiet kernel log',
      }),
    )
  return judgements
}

/** The log tells who and when; the kernel's counter tells that it happened, also where the log cannot be read. */
function judgeOom(messages: KernelMessage[], oomKills: number | null, readable: boolean): Checked[] {
  const victims = messages.flatMap(({ text }) => oomVictim(text) ?? [])
  if (messages.length > 0) {
    const names = [...new Set(victims.map(({ name, pid }) => `${nameText(name, 30)} (pid ${pid})`))]
    const who = names.length === 0 ? '' : `: ${listText(names)}`
    const grouped = messages.some(({ text }) => /Memory cgroup out of memory/i.test(text))
    const where = grouped ? ' of its group, not of the machine' : ''
    return [
      checked({
        level: isRecent(messages) ? 'crit' : 'warn',
        topic: 'memory',
        text: `Out of memory: the kernel killed ${count(messages.length, 'process', 'processes')}${ago(messages)}${who}${grouped ? `, over the limit${where}` : ''}.`,
        value: messages.length,
        unit: 'kills',
      }),
    ]
  }
  if (oomKills === null) return []
  const level = oomKills > 0 && !readable ? 'warn' : 'ok'
  const when = readable ? ', none of them in the last day' : '; when, the counter does not tell'
  const text =
    oomKills === 0
      ? 'No process was killed for want of memory since boot.'
      : `Since boot the kernel killed ${count(oomKills, 'process', 'processes')} for want of memory${when}.`
  return [checked({ level, topic: 'memory', text, value: oomKills, unit: 'kills' })]
}

function isRecent(messages: KernelMessage[]): boolean {
  return messages.some(({ ageS }) => ageS !== null && ageS <= hourS)
}

function ago(messages: KernelMessage[]): string {
  const ages = messages.flatMap(({ ageS }) => ageS ?? [])
  return ages.length === 0 ? ' in the last day' : ` ${durationText(Math.min(...ages))} ago`
}

/** Two ways lead to the log; it could be read when one of them did not fail. */
function isReadable({ stdout, stderr, exit_code }: ProbeOutput): boolean {
  if (exit_code === null && stdout === '') return false
  const journal =
    /journalctl.*(not found|No such file)|No journal files|not seeing messages|Failed to (open|search)|insufficient permissions/i
  const ring = /dmesg.*(not found|No such file)|not permitted|klogctl|Permission denied/i
  return !(journal.test(stderr) && ring.test(stderr))
}

function whyUnreadable({ stderr }: ProbeOutput): string {
  return /permit|permission|not seeing/i.test(stderr)
    ? 'the account may read neither the journal nor dmesg (the group systemd-journal or adm may)'
    : 'there is neither a journal nor a dmesg to read'
}
