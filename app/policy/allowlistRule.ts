import { fileObjection, holdsSecret, isSecret, placeObjection } from './secretPaths.ts'
import type { PlainWord } from './readWord.ts'

/** What a word is to its command. `file`: its content is read. `place`: only named or measured. */
type Kind = 'text' | 'number' | 'file' | 'place'

interface Flag {
  /** An optional value stands in the same word (`--color=auto`, `-i:80`). */
  value: 'none' | 'required' | 'optional'
  kind: Kind
}

/** How a command was used, for what a list of flags cannot say. */
export interface Use {
  flags: ReadonlyMap<string, readonly string[]>
  operands: readonly PlainWord[]
  /** Whether its input is another command's output. */
  piped: boolean
}

/** What is allowed of one binary: all flags and operands that are not named are not. */
export interface Rule {
  flags: ReadonlyMap<string, Flag>
  /** `pattern` is a text and then files; only files where `-e` or `-f` gave the text. */
  operands: 'none' | 'texts' | 'files' | 'places' | 'pattern' | 'sub'
  /** Without an operand it reads its input, so it must stand behind a pipe. */
  reads?: boolean
  /** `-abc` is one flag and not three. */
  whole?: boolean | undefined
  /** It has no options: what begins with a dash is text. */
  literal?: boolean
  /** Flags with which it goes on until it is stopped. */
  endless?: string
  /** By the first operand; its rule takes the operands after it, and its flags are allowed beside ours. */
  sub?: Readonly<Record<string, Rule>>
  /** A reason against this use. */
  check?: (use: Use) => string | undefined
}

type Options = Pick<Rule, 'reads' | 'whole' | 'endless' | 'literal' | 'sub' | 'check'>

/**
 * A rule from its flags in one line. `-n:number` and `--since:text` take a value, in the same word or the next;
 * `--color?:text` takes one only in the same word; `-#` is `-20`; all others take none.
 *
 * @example rule('-h -n:number --color?:text', 'files', { reads: true })
 */
export function rule(flags: string, operands: Rule['operands'] = 'none', options: Options = {}): Rule {
  const entries = flags.split(' ').filter(Boolean).map(toFlag)
  return { flags: new Map(entries), operands, ...options }
}

function toFlag(text: string): [string, Flag] {
  const [name = '', kind] = text.split(':')
  if (kind === undefined) return [name, { value: 'none', kind: 'text' }]
  const optional = name.endsWith('?')
  // The kinds in the tables are these four, which a test of all tables shows.
  return [
    optional ? name.slice(0, -1) : name,
    { value: optional ? 'optional' : 'required', kind: kind as Kind },
  ]
}

/** Whether a count given in text is one that ends, and soon. */
export function within(most: number, count: string | undefined): boolean {
  return Number(count) >= 1 && Number(count) <= most
}

export type Match = { verdict: 'allow' } | { verdict: 'ask' | 'deny'; why: string }

const refuse = (why: string): Match => ({ verdict: 'ask', why })

/** Judges the arguments of one command by its rule. */
export function matchRule(own: Rule, args: readonly PlainWord[], piped: boolean): Match {
  let rule = own
  const flags = new Map<string, string[]>()
  const operands: PlainWord[] = []
  const words = [...args]
  let ended = false
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (ended || rule.literal || !isFlag(word)) {
      const sub: Rule | undefined = rule.operands === 'sub' ? subRule(rule.sub, word.value) : undefined
      if (rule.operands === 'sub' && sub === undefined)
        return refuse(`${word.value} is not among its allowed commands`)
      if (sub) rule = { ...sub, whole: rule.whole, flags: new Map([...rule.flags, ...sub.flags]) }
      else operands.push(word)
      continue
    }
    if (word.value === '--') {
      ended = true
      continue
    }
    if (word.pieces.some(({ kind }) => kind !== 'plain'))
      return refuse(`${word.value} could expand to other options`)
    const wrong = takeFlag(rule, word.value, words, flags)
    if (wrong !== undefined) return wrong
  }
  const use: Use = { flags, operands, piped }
  const wrong = judgeOperands(rule, use)
  if (wrong !== undefined) return wrong
  const why = rule.check?.(use)
  return why === undefined ? { verdict: 'allow' } : refuse(why)
}

const subRule = (table: Rule['sub'], name: string): Rule | undefined =>
  table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined

function isFlag({ value }: PlainWord): boolean {
  return value.startsWith('-') && value !== '-'
}

function takeFlag(
  rule: Rule,
  text: string,
  rest: PlainWord[],
  seen: Map<string, string[]>,
): Match | undefined {
  const note = (name: string, value?: string): void => {
    seen.set(name, [...(seen.get(name) ?? []), ...(value === undefined ? [] : [value])])
  }
  const judge = (name: string, flag: Flag, attached: string | undefined): Match | undefined => {
    if (attached === undefined && flag.value !== 'required') return void note(name)
    if (attached !== undefined && flag.value === 'none')
      return refuse(`${name} with a value is not known here`)
    const next = attached === undefined ? rest.shift() : plainWord(attached)
    if (next === undefined) return refuse(`${name} lacks its value`)
    if (next.pieces.some(({ kind }) => kind === 'glob'))
      return refuse(`${next.value} could expand to anything: quote it`)
    note(name, next.value)
    return judgeWord(flag.kind, next, `the value of ${name}`)
  }
  if (text.startsWith('--') || rule.whole) {
    const equals = text.indexOf('=')
    const name = equals === -1 ? text : text.slice(0, equals)
    const flag = rule.flags.get(name)
    if (flag === undefined) return unknownFlag(rule, name)
    return judge(name, flag, equals === -1 ? undefined : text.slice(equals + 1))
  }
  if (/^-\d+$/.test(text) && rule.flags.has('-#')) return void note('-#', text.slice(1))
  for (let at = 1; at < text.length; at++) {
    const name = `-${text.charAt(at)}`
    const flag = rule.flags.get(name)
    if (flag === undefined) return unknownFlag(rule, name)
    if (flag.value !== 'none') return judge(name, flag, text.slice(at + 1) || undefined)
    note(name)
  }
  return undefined
}

function unknownFlag({ endless = '' }: Rule, name: string): Match {
  if (endless.split(' ').includes(name)) return refuse(`with ${name} it does not end by itself`)
  return refuse(`the option ${name} is not known to only read`)
}

function plainWord(value: string): PlainWord {
  return { value, pieces: [{ kind: 'plain', text: value }] }
}

function judgeWord(kind: Kind, word: PlainWord, what: string): Match | undefined {
  if (kind === 'number' && !/^[+-]?\d{1,12}[kKMGTm%]?$/.test(word.value))
    return refuse(`${what} is no number`)
  if (kind === 'text' && word.pieces.some((piece) => piece.kind === 'glob'))
    return refuse(`${word.value} could expand to anything: quote it`)
  if (kind === 'file' && holdsSecret(word))
    return { verdict: 'deny', why: `${word.value} is or could be a secret` }
  // Names and sizes below a glob tell no more than those of the folder.
  if (kind === 'place' && word.pieces.every((piece) => piece.kind !== 'glob') && isSecret(word))
    return refuse(`${word.value} is a place of secrets`)
  if (kind !== 'file' && kind !== 'place') return undefined
  if (word.pieces[0]?.kind === 'glob') return refuse(`${word.value} could expand to an option`)
  const why = kind === 'file' ? fileObjection(word) : placeObjection(word)
  return why === undefined ? undefined : refuse(why)
}

function judgeOperands(rule: Rule, use: Use): Match | undefined {
  const { operands, flags, piped } = use
  const [first] = operands
  if (rule.operands === 'sub' && subRule(rule.sub, '') === undefined)
    return refuse('it names none of its allowed commands')
  if (rule.operands === 'none' && first)
    return refuse(`the argument ${first.value} is not known to only read`)
  const texts =
    rule.operands === 'texts' ? operands.length : rule.operands === 'pattern' && !given(flags) ? 1 : 0
  const files = operands.slice(texts)
  if (rule.reads && !piped && (files.length === 0 || files.some(({ value }) => value === '-')))
    return refuse('it waits for input')
  const kind = rule.operands === 'places' ? 'place' : 'file'
  for (const [index, word] of operands.entries()) {
    const wrong = judgeWord(index < texts ? 'text' : kind, word, 'an argument')
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function given(flags: Use['flags']): boolean {
  return ['-e', '-f', '--regexp', '--file'].some((flag) => flags.has(flag))
}
