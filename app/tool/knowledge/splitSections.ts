/** A piece of a note: what stands under one heading. */
export interface Section {
  /** The headings above and its own, outermost first; empty before the first heading. */
  headings: string[]
  /** Line of its heading, or of its first words where it goes on from another piece; from 1. */
  line: number
  text: string
}

const longestChars = 3000

/**
 * A Markdown note by its headings (`#` to `######`, not within fences); a long section in several pieces, cut at
 * empty lines. Sections without text are left out.
 */
export function splitSections(markdown: string): Section[] {
  const sections: Section[] = []
  let headings: (string | undefined)[] = []
  let lines: string[] = []
  let line = 1
  let fence: string | undefined
  const end = (next: number) => {
    const text = lines.join('\n').trim()
    if (text !== '') sections.push({ headings: headings.filter((one) => one !== undefined), line, text })
    lines = []
    line = next
  }
  let chars = 0
  for (const [index, current] of markdown.split(/\r?\n/).entries()) {
    fence = fenceAfter(fence, current)
    const [, marks, words = ''] = (fence === undefined && /^ {0,3}(#{1,6})[ \t]+(.*)$/.exec(current)) || []
    if (marks !== undefined) {
      end(index + 1)
      headings = [...headings.slice(0, marks.length - 1)]
      headings[marks.length - 1] = words.replace(/[ \t]+#+[ \t]*$/, '').trim()
      chars = 0
    } else if (current.trim() === '' && fence === undefined && chars > longestChars) {
      end(index + 2)
      chars = 0
    } else {
      lines.push(current)
      chars += current.length
    }
  }
  end(0)
  return sections
}

/** The fence that is open after this line: a fence ends with its own mark, as long or longer (CommonMark 4.5). */
function fenceAfter(open: string | undefined, line: string): string | undefined {
  const [, mark, info = ''] = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line) ?? []
  if (mark === undefined) return open
  if (open === undefined) return mark.startsWith('`') && info.includes('`') ? undefined : mark
  return mark.startsWith(open) && info.trim() === '' ? undefined : open
}
