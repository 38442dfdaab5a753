import type { Shape } from '#ui/components/shape.ts'

/** One probe of a forensics report. */
export interface ReportSection {
  name: string
  /** As the report has it: "ok, 0.3 s", "failed, exit 1", "no end within 5 s". */
  status: string
  shape: Shape
  text: string
}

export interface Report {
  /** What is wrong, in a sentence; '' where the report does not begin with one. */
  sentence: string
  /** What stands between the sentence and the first section, as it is. */
  preface: string
  /** Its last line is there: nothing was cut off. */
  whole: boolean
  sections: ReportSection[]
}

const endLine = '== end'
const header = /^== (.+?) \(((?:ok|failed|no end)\b.*)\)$/

/** A forensics report as its parts. What is no sentence and no section stands as it is: nothing of the text is lost. */
export function readReport(text: string): Report {
  const lines = text.replace(/\r\n/g, '\n').trimEnd().split('\n')
  const whole = lines.at(-1) === endLine
  if (whole) lines.pop()
  const before: string[] = []
  const sections: ReportSection[] = []
  let body = before
  const bodies: string[][] = []
  for (const line of lines) {
    const [, name, status] = header.exec(line) ?? []
    if (name === undefined || status === undefined) {
      body.push(line)
      continue
    }
    sections.push({ name, status, shape: shapeOf(status), text: '' })
    body = []
    bodies.push(body)
  }
  const startsWithSentence = sections.length > 0 && (before[0] ?? '').trim() !== ''
  return {
    sentence: startsWithSentence ? (before[0] ?? '').trim() : '',
    preface: joined(before.slice(startsWithSentence ? 1 : 0)),
    whole,
    sections: sections.map((section, index) => ({ ...section, text: joined(bodies[index] ?? []) })),
  }
}

function joined(lines: string[]): string {
  return lines.join('\n').replace(/^\n+|\s+$/g, '')
}

function shapeOf(status: string): Shape {
  if (status.startsWith('ok')) return 'ok'
  return status.startsWith('failed') ? 'warn' : 'unknown'
}

/** "14 probes: 12 ok, 1 failed, 1 without an end"; what there is none of is left out. */
export function summariseReport({ sections }: Report): string {
  const count = (shape: Shape) => sections.filter((section) => section.shape === shape).length
  const parts = [
    [count('ok'), 'ok'],
    [count('warn'), 'failed'],
    [count('unknown'), 'without an end'],
  ] as const
  const told = parts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`)
  return `${sections.length} ${sections.length === 1 ? 'probe' : 'probes'}: ${told.join(', ')}`
}

/** The name of the file that it is saved under: "devvm-20261127T030000Z.txt". */
export function reportName(vm: string, at: string): string {
  const time = new Date(at).toISOString().replace(/\.\d+/, '').replace(/[-:]/g, '')
  return `${vm}-${time}.txt`
}
