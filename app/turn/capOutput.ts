const headChars = 48 * 1024
const tailChars = 16 * 1024

/** Keeps head and tail of a long output and says in between how much is left out. */
export function capOutput(text: string): { text: string; capped: boolean } {
  if (text.length <= headChars + tailChars) return { text, capped: false }
  const left = text.length - headChars - tailChars
  // toWellFormed: a cut may fall inside a surrogate pair.
  const head = text.slice(0, headChars).toWellFormed()
  const tail = text.slice(-tailChars).toWellFormed()
  return {
    text: `${head}\n… ${left} characters left out here, the whole output is kept …\n${tail}`,
    capped: true,
  }
}
