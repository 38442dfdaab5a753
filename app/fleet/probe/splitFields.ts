/** The first `count` fields between single blanks and then the rest of the line as it is; null when there are fewer. */
export function splitFields(line: string, count: number): string[] | null {
  const fields: string[] = []
  let at = 0
  for (let n = 0; n < count; n++) {
    const next = line.indexOf(' ', at)
    if (next < 0) return null
    fields.push(line.slice(at, next))
    at = next + 1
  }
  fields.push(line.slice(at))
  return fields
}
