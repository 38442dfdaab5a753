/** Head and tail of a text that is longer than `maxChars`, with `remark` on how many characters are left out. */
export function shorten(text: string, maxChars: number, remark: (left: number) => string): string {
  const left = text.length - maxChars
  if (left <= 0) return text
  const headChars = Math.ceil(maxChars * 0.75)
  const tail = text.slice(headChars + left)
  // toWellFormed: a cut may fall inside a surrogate pair.
  return `${text.slice(0, headChars).toWellFormed()}\n[${remark(left)}]\n${tail.toWellFormed()}`
}
