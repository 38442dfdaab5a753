import { linesOf } from './linesOf.ts'
export interface Section {
  /** The file that the lines come from. */
  path: string
  lines: string[]
}

/** Splits what `head` prints of several files: `==> /proc/uptime <==`, then the file's lines. */
export function parseSections(text: string): Section[] {
  const sections: Section[] = []
  for (const line of linesOf(text)) {
    const path = /^==> (.+) <==$/.exec(line.trimEnd())?.[1]
    if (path !== undefined) sections.push({ path, lines: [] })
    else if (line.trim() !== '') sections.at(-1)?.lines.push(line)
  }
  return sections
}
