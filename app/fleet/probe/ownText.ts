/**
 * The same text as a copy of its own. What is cut out of an answer (13 characters and more, in V8) keeps the whole answer
 * in memory, up to 256 kB of it, for as long as it is kept itself; so every text that is remembered goes through here.
 */
export function ownText(text: string): string {
  return text.length < 13 ? text : ` ${text}`.slice(1)
}
