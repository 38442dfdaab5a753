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
  const { stdout } = end
  const header = readHeader(stdout)
  if (!header || !isProbe(header)) return { sections, trouble: end.failure ?? probeTrouble(end, header) }
  const marker = `\n${header.nonce} `
  let open: SectionText | null = null
  let openName = ''
  let openAt = 0
  // From newline to newline: a last line without one was cut, and is no marker.
  for (let at = stdout.indexOf(marker, header.next - 1); at >= 0;) {
    const stop = stdout.indexOf('\n', at + 1)
    if (stop < 0) break
    const [word, name = '', code, ms] = stdout.slice(at + marker.length, stop).split(' ')
    if (word === 'end' && open && name === openName) {
      open.code = readCount(code)
      open.ms = readCount(ms)
      if (at > openAt) open.lines = stdout.slice(openAt + 1, at).split('\n')
      open = null
    } else if (word === 'begin') {
      open = { code: null, ms: null, lines: [] }
      openName = name
      openAt = stop
      if (names.has(name)) sections.set(name as SectionName, open)
    } else if (word === 'done') return { sections, trouble: null }
    at = stdout.indexOf(marker, stop)
  }
  return { sections, trouble: cutOff(end) }
}

function cutOff(end: ExecResult): string {
  if (end.truncated) {
    return `The answer was longer than is read: it was cut after ${end.stdout.length.toLocaleString('en')} characters.`
  }
  return end.failure ?? `The answer ended in the middle${end.exitCode ? ` (code ${end.exitCode})` : ''}.`
}
