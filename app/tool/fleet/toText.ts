export interface Line {
  text: string
  /** What a search finds it by, as the machines have it. */
  words: string
}

const mostChars = 12_000

/** The lines that a search leaves, as many as there is room for, and how many are left out. */
export function toText(what: string, lines: Line[], search: string | undefined): string {
  const wanted = search?.toLowerCase()
  const found =
    wanted === undefined ? lines : lines.filter(({ words }) => words.toLowerCase().includes(wanted))
  const matching = search === undefined ? '' : ` with ${JSON.stringify(search)}`
  if (found.length === 0)
    return `No ${what}${matching}${search === undefined ? '' : ` among ${lines.length}`}.\n`
  const shown: string[] = []
  let room = mostChars
  for (const { text } of found) {
    room -= text.length + 1
    if (room < 0) break
    shown.push(text)
  }
  const left = found.length - shown.length
  const head = `${found.length} ${what}${matching}, worst first. Words in quotes are the machines' and their users' own.`
  const rest = left > 0 ? [`${left} more are left out: narrow it by \`host\` or \`search\`.`] : []
  return `${[head, ...shown, ...rest].join('\n')}\n`
}
