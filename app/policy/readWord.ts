/** A stretch of a word: text that stands for itself, a glob that the shell expands, or the `~` of a home directory. */
export interface Piece {
  kind: 'plain' | 'glob' | 'home'
  text: string
}

/** A word of a command line after quote removal, with what in it is still open to expansion. */
export interface PlainWord {
  /** With globs and `~` as they were written. */
  value: string
  pieces: readonly Piece[]
}

/** `{}` is text in every shell; other braces may be expanded. */
const plain = /(?:[A-Za-z0-9_/.,:=@%+\-^!\]#]|\{\})+/y
const bracket = /\[!?[A-Za-z0-9_-]+\]/y
/** `$` is itself before these, and before the closing quote. */
const afterLoneDollar = '" |)/'

/**
 * Reads the source text of one word, in the part of the shell's language that bash, dash and busybox read alike.
 * Whatever is outside it (`$`, backticks, braces, `$'…'`, a bare operator) gives a sentence that says what.
 */
export function readWord(source: string): PlainWord | string {
  if (source === '[' || source === ']') return { value: source, pieces: [{ kind: 'plain', text: source }] }
  const pieces: Piece[] = []
  let value = ''
  let at = 0
  const add = (kind: Piece['kind'], text: string): void => {
    const last = pieces.at(-1)
    if (kind === 'plain' && last?.kind === 'plain') last.text += text
    else pieces.push({ kind, text })
    value += text
  }
  while (at < source.length) {
    const char = source.charAt(at)
    if (char === "'") {
      const end = source.indexOf("'", at + 1)
      if (end === -1) return 'a quote in it is not closed'
      add('plain', source.slice(at + 1, end))
      at = end + 1
    } else if (char === '"') {
      const quoted = readDoubleQuoted(source, at + 1)
      if (typeof quoted === 'string') return quoted
      add('plain', quoted.text)
      at = quoted.end
    } else if (char === '\\') {
      if (at + 1 >= source.length || source[at + 1] === '\n') return 'it goes on over the end of the line'
      add('plain', source.charAt(at + 1))
      at += 2
    } else if (char === '~' && at === 0 && (source.length === 1 || source[1] === '/')) {
      add('home', char)
      at++
    } else if (char === '*' || char === '?') {
      add('glob', char)
      at++
    } else {
      const sticky = char === '[' ? bracket : plain
      sticky.lastIndex = at
      const found = sticky.exec(source)?.[0]
      if (found === undefined) return notPlain(char)
      add(char === '[' ? 'glob' : 'plain', found)
      at += found.length
    }
  }
  return { value, pieces }
}

function readDoubleQuoted(source: string, start: number): { text: string; end: number } | string {
  let text = ''
  for (let at = start; at < source.length; at++) {
    const char = source.charAt(at)
    const next = source.charAt(at + 1)
    if (char === '"') return { text, end: at + 1 }
    if (char === '`') return 'it runs another command in backticks'
    if (char === '$' && !(next !== '' && afterLoneDollar.includes(next))) return notPlain(char)
    if (char === '\\' && next !== '' && '$`"\\\n'.includes(next)) {
      if (next === '\n') return 'it goes on over the end of the line'
      text += next
      at++
    } else text += char
  }
  return 'a quote in it is not closed'
}

function notPlain(char: string): string {
  if (char === '$') return 'it uses $: a variable, another command or arithmetic'
  if (char === '`') return 'it runs another command in backticks'
  if (char === '{' || char === '}') return 'it uses braces'
  if (char === '~') return 'it names a home directory that is not known here'
  if (char === '[') return 'its bracket pattern is read differently by different shells'
  if (char >= '\u0080') return 'it has characters outside ASCII'
  return `the character ${char} in it is not quoted`
}
