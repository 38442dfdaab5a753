/** Words that mean the same without quotes around them. */
const plain = /^(?!\w+=)[\w./:=@%+,-]+$/
const between = /^[\s;&|()]?$/

/**
 * Where the quotes of a command stand that are only quoting: around a whole word that means the same without them.
 * All others are part of what the command means.
 */
export function plainQuotes(command: string): Set<number> {
  const found = new Set<number>()
  for (let at = 0; at < command.length; at++) {
    const opener = command.charAt(at)
    if (opener === '\\') at++
    if (opener !== "'" && opener !== '"') continue
    const end = endOfQuote(command, at)
    if (end >= command.length) break
    const wholeWord = between.test(command.charAt(at - 1)) && between.test(command.charAt(end + 1))
    if (wholeWord && plain.test(command.slice(at + 1, end))) {
      found.add(at)
      found.add(end)
    }
    at = end
  }
  return found
}

/** Where what is quoted from `at` on ends; beyond the text when it does not. */
function endOfQuote(command: string, at: number): number {
  const quote = command.charAt(at)
  let end = at + 1
  while (end < command.length && command.charAt(end) !== quote)
    end += quote === '"' && command.charAt(end) === '\\' ? 2 : 1
  return end
}
