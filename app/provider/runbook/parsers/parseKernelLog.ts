import { linesOf } from './linesOf.ts'
import { toNumber } from './toNumber.ts'

export interface KernelMessage {
  text: string
  /** Seconds before the probe ran; null when the line does not tell. */
  ageS: number | null
}

export interface KernelReading {
  /** From journal and ring buffer, each once, oldest first; none older than a day. */
  messages: KernelMessage[]
  /** OOM kills since boot by the kernel's own counter (since 4.13), or null. */
  oomKills: number | null
  /** A line of the journal or of the ring buffer was seen, of whatever age: there is a log, and it may be read. */
  readable: boolean
}

const dayS = 86_400

/**
 * Reads, in this order: `date +%s`, `/proc/uptime`, the counter `oom_kill` of `/proc/vmstat`, the last
 * line of the kernel's journal and of `dmesg`, then what was picked from both. A line's age comes from seconds since 1970 (`-o short-unix`), ISO times, or
 * seconds since boot; a line dated otherwise has none.
 */
export function parseKernelLog(text: string): KernelReading {
  const lines = linesOf(text)
  const now = toNumber(lines.find((line) => /^\d{9,11}$/.test(line)))
  const uptime = toNumber(/^(\d+\.\d+) \d+\.\d+$/m.exec(text)?.[1])
  const journal: KernelMessage[] = []
  const ring: KernelMessage[] = []
  // The last line may be picked as well: the same moment and the same words are one line.
  for (const line of new Set(lines)) {
    const ofJournal = journalLine(line, now)
    if (ofJournal) journal.push(ofJournal)
    else {
      const ofRing = ringLine(line, uptime)
      if (ofRing) ring.push(ofRing)
    }
  }
  const known = new Set(journal.map((message) => message.text))
  const messages = [...journal, ...ring.filter((message) => !known.has(message.text))]
  return {
    messages: messages.filter(({ ageS }) => ageS === null || ageS <= dayS),
    readable: messages.length > 0,
    oomKills: toNumber(/^oom_kill (\d+)$/m.exec(text)?.[1]),
  }
}

function journalLine(line: string, now: number | null): KernelMessage | null {
  const match =
    /^(?:(?<unix>\d{9,11}\.\d+)|(?<iso>\d{4}-\d\d-\d\d[T ][\d:,.+Z-]+)|\p{L}+\.? +\d+ [\d:]{8}) \S+ kernel: (?<text>.*)$/u.exec(
      line,
    )
  if (!match?.groups) return null
  const { unix, iso, text = '' } = match.groups
  const at = unix === undefined ? isoSeconds(iso) : Number(unix)
  return {
    text: text.replace(/^\[\s*\d+\.\d+\] /, ''),
    ageS: now === null || at === null ? null : Math.max(0, now - at),
  }
}

function ringLine(line: string, uptime: number | null): KernelMessage | null {
  const match = /^(?:<\d+>)?\[ *(?:(\d+\.\d+)|[^\]]+)\](?:\[[^\]]*\])? (.*)$/.exec(line)
  if (!match) return null
  const since = toNumber(match[1])
  return {
    text: match[2] ?? '',
    ageS: uptime === null || since === null ? null : Math.max(0, uptime - since),
  }
}

/** systemd before 2023 writes `+0100` where ISO wants `+01:00`. */
function isoSeconds(iso: string | undefined): number | null {
  const ms = Date.parse((iso ?? '').replace(/([+-]\d\d)(\d\d)$/, '$1:$2').replace(',', '.'))
  return Number.isNaN(ms) ? null : ms / 1000
}
