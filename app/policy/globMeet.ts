import type { PlainWord } from './readWord.ts'

// Marks in a pattern. No control character is left in a line that is judged, so these cannot be text.
const run = '\u0001'
const one = '\u0002'

/** A word as a pattern: globs become marks, a bracket stands for any one character. */
export function toPattern({ pieces }: PlainWord): string {
  return pieces.map(({ kind, text }) => (kind !== 'glob' ? text : text === '*' ? run : one)).join('')
}

/** A path written in this code, where `*` is any run within a name and `**` any number of names. */
export function writtenPattern(path: string): readonly string[] {
  return path.split('/').map((name) => (name === '**' ? name : name.replaceAll('*', run)))
}

export function hasGlob(pattern: string): boolean {
  return pattern.includes(run) || pattern.includes(one)
}

export function hasStar(pattern: string): boolean {
  return pattern.includes(run)
}

/** Whether some path fits both: what a word may expand to, and a written pattern. */
export function pathsMeet(word: readonly string[], written: readonly string[]): boolean {
  const [first, ...rest] = written
  if (first === undefined) return word.length === 0
  if (first === '**') {
    for (let skip = 0; skip <= word.length; skip++) if (pathsMeet(word.slice(skip), rest)) return true
    return false
  }
  const [name, ...names] = word
  return name !== undefined && namesMeet(name, first) && pathsMeet(names, rest)
}

/** Whether some name fits both; a wildcard at the front of the word's does not match a dot, as in every shell. */
export function namesMeet(word: string, written: string): boolean {
  if ((word.startsWith(run) || word.startsWith(one)) && written.startsWith('.')) return false
  const seen = new Set<number>()
  const open: [number, number][] = [[0, 0]]
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const [i, j] = state
    const key = i * (written.length + 1) + j
    if (seen.has(key)) continue
    seen.add(key)
    if (i === word.length && j === written.length) return true
    const a = word[i]
    const b = written[j]
    if (a === run) open.push([i + 1, j])
    if (b === run) open.push([i, j + 1])
    if (a === undefined || b === undefined) continue
    if (a === run) open.push([i, j + 1])
    else if (b === run) open.push([i + 1, j])
    else if (a === one || a === b) open.push([i + 1, j + 1])
  }
  return false
}
