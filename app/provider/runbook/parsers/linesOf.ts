const maxLength = 1000

/** The lines of a far side's output, each cut at 1,000 characters: no pattern meets more than that. */
export function linesOf(text: string): string[] {
  return text.split('\n').map((line) => line.slice(0, maxLength).replace(/\r$/, ''))
}
