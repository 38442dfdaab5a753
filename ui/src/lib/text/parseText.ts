/** A piece of a line. Nothing here is ever HTML, a link or an image. */
export type Span = { type: 'plain' | 'strong' | 'code'; text: string }

export type TextBlock =
  | { type: 'paragraph'; spans: Span[] }
  | { type: 'heading'; spans: Span[] }
  | { type: 'list'; ordered: boolean; items: Span[][] }
  | { type: 'code'; text: string }

/**
 * Reads the little of Markdown that helps a tired reader: paragraphs, lists, headings, `code`, **strong** and
 * fenced code. All else stays as it was written. An unfinished end, as streams have it, is plain text.
 */
export function parseText(text: string): TextBlock[] {
  const blocks: TextBlock[] = []
  const lines = text.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    if (line.startsWith('```')) {
      const end = lines.findIndex((other, index) => index > at && other.startsWith('```'))
      const stop = end === -1 ? lines.length : end
      blocks.push({ type: 'code', text: lines.slice(at + 1, stop).join('\n') })
      at = stop
    } else if (line.trim() !== '') addLine(blocks, line, at > 0 && (lines[at - 1] ?? '').trim() !== '')
  }
  return blocks
}

function addLine(blocks: TextBlock[], line: string, continues: boolean): void {
  const last = blocks.at(-1)
  const item = /^\s*(?:[-*•]|(\d{1,3})[.)])\s+(.*)$/.exec(line)
  if (item !== null) {
    const ordered = item[1] !== undefined
    const spans = parseSpans(item[2] ?? '')
    if (last?.type === 'list' && last.ordered === ordered) last.items.push(spans)
    else blocks.push({ type: 'list', ordered, items: [spans] })
    return
  }
  const heading = /^#{1,6}\s+(.*)$/.exec(line)
  if (heading !== null) blocks.push({ type: 'heading', spans: parseSpans(heading[1] ?? '') })
  else if (continues && last?.type === 'paragraph')
    last.spans.push({ type: 'plain', text: '\n' }, ...parseSpans(line))
  else blocks.push({ type: 'paragraph', spans: parseSpans(line) })
}

export function parseSpans(line: string): Span[] {
  const spans: Span[] = []
  let rest = line
  while (rest !== '') {
    const mark = /`([^`]+)`|\*\*([^*]+)\*\*/.exec(rest)
    if (mark === null) return [...spans, { type: 'plain', text: rest }]
    if (mark.index > 0) spans.push({ type: 'plain', text: rest.slice(0, mark.index) })
    spans.push(
      mark[1] === undefined ? { type: 'strong', text: mark[2] ?? '' } : { type: 'code', text: mark[1] },
    )
    rest = rest.slice(mark.index + mark[0].length)
  }
  return spans
}
