export interface VisiblePiece {
  text: string
  /** It stands for something that the eye would miss. */
  mark: boolean
  /** Where in the text it begins. */
  from: number
}

/**
 * Text that is about to be approved, with all that the eye would miss made visible: runs of spaces and those at an
 * end of a line, tabs, line breaks, and every character that prints nothing or turns the direction of what follows.
 */
export function visibleText(text: string): VisiblePiece[] {
  const hidden =
    /(?<=^|\n) +| +(?=\n|$)| {2,}|\n|[^\P{C}\n]|[^\P{Z} ]|\p{Default_Ignorable_Code_Point}|\u2800/gu
  const pieces: VisiblePiece[] = []
  let from = 0
  for (const { 0: found, index } of text.matchAll(hidden)) {
    if (index > from) pieces.push({ text: text.slice(from, index), mark: false, from })
    pieces.push({ text: markOf(found), mark: true, from: index })
    from = index + found.length
  }
  if (from < text.length) pieces.push({ text: text.slice(from), mark: false, from })
  return pieces
}

/** The same for a name that is only heard: what prints nothing is left out. */
export function plainText(text: string): string {
  return visibleText(text)
    .map((piece) => (piece.mark ? ' ' : piece.text))
    .join('')
    .trim()
}

function markOf(found: string): string {
  if (found.startsWith(' ')) return '·'.repeat(found.length)
  if (found === '\n') return '⏎\n'
  if (found === '\t') return '⇥'
  return `⟨U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`
}
