import type { ExecResult } from '#app/ssh/Runner.ts'
import { isProbe, readHeader } from './readHeader.ts'
import { probeTrouble } from './probeTrouble.ts'
import { readCount } from './readNumber.ts'

export const sectionNames = [
  'host',
  'memory',
  'disks',
  'tmux',
  'gpu',
  'gpu_procs',
  'mig',
  'amd',
  'intel',
  'procs',
] as const
export type SectionName = (typeof sectionNames)[number]

export interface SectionText {
  /** 0: read. Null: cut off, and what came of it counts for nothing. */
  code: number | null
  ms: number | null
  lines: string[]
}

export interface ProbeAnswer {
  /** In the order in which they came; of unknown ones, nothing. */
  sections: Map<SectionName, SectionText>
  /** Why this is not a whole answer, in a sentence; null when it is one. */
  trouble: string | null
}

const names: ReadonlySet<string> = new Set(sectionNames)

/** Takes the probe's answer apart. Total: whatever the bytes, it ends in an answer. */
export function readProbe(end: ExecResult): ProbeAnswer {
  const sections: ProbeAnswer['sections'] = new Map()
  const lines = end.stdout.split('\n')
  const header = readHeader(lines)
  if (!header || !isProbe(header)) return { sections, trouble: end.failure ?? probeTrouble(end, header) }
  const { nonce } = header
  let open: SectionText | null = null
  let openName = ''
  let done = false
  // The last piece has no newline: a marker or a line that was cut is none.
  for (let at = header.next; at < lines.length - 1 && !done; at++) {
    const line = lines[at] ?? ''
    if (!line.startsWith(nonce) || line.charCodeAt(16) !== 32) {
      open?.lines.push(line)
      continue
    }
    const [word, name = '', code, ms] = line.slice(17).split(' ')
    if (word === 'begin') {
      open = { code: null, ms: null, lines: [] }
      openName = name
      if (names.has(name)) sections.set(name as SectionName, open)
    } else if (word === 'end' && open && name === openName) {
      open.code = readCount(code)
      open.ms = readCount(ms)
      open = null
    } else if (word === 'done') done = true
  }
  return { sections, trouble: done ? null : cutOff(end) }
}

function cutOff(end: ExecResult): string {
  if (end.truncated) {
    return `The answer was longer than is read: it was cut after ${end.stdout.length.toLocaleString('en')} characters.`
  }
  return end.failure ?? `The answer ended in the middle${end.exitCode ? ` (code ${end.exitCode})` : ''}.`
}
