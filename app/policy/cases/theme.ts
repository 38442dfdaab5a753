import type { Classified } from '../Classified.ts'

/** Command lines of one theme, and what each of them must be judged. */
export interface Theme {
  theme: string
  verdict: Classified['verdict']
  lines: readonly string[]
}

/** `block` has a command in each line; `more` has those that need escapes. */
export function theme(
  verdict: Theme['verdict'],
  name: string,
  block: string,
  more: readonly string[] = [],
): Theme {
  const lines = block
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  return { theme: name, verdict, lines: [...lines, ...more] }
}
