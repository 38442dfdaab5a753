const longest = 300

/**
 * A model's words for an approval card: marked as such, on one line, and without characters that are not seen or
 * that turn the direction of writing, so that they cannot pass for policy's own words.
 */
export function quoteModel(words: string): string {
  const line = words.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
  const short = line.length > longest ? `${line.slice(0, longest).toWellFormed()}…` : line.toWellFormed()
  return `The model says: ${JSON.stringify(short)}`
}
