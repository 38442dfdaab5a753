import { parse, type Command, type Redirection, type Statement } from 'unbash'
import { readWord, type PlainWord } from './readWord.ts'

/** One command with its arguments, as the shell will run it. */
export interface SimpleCommand {
  words: readonly [PlainWord, ...PlainWord[]]
  /** Such as `2>/dev/null`: each writes to no file, and is printed as it stands. */
  redirects: readonly string[]
}

export type Operator = '|' | '&&' | '||' | ';'

/** A line that holds nothing but simple commands. */
export interface Line {
  commands: readonly SimpleCommand[]
  /** What stands between a command and the next: one fewer than commands. */
  operators: readonly Operator[]
}

type Unread = string

/** What stands in the source where: everything outside must be blank, or the operator that is named. */
interface Token {
  pos: number
  end: number
  kind: 'word' | 'redirect'
  /** What must stand before it, apart from blanks. */
  after: Operator | ''
}

/**
 * Reads a line as a list of simple commands, or says in a sentence why it is more than that.
 *
 * The parser is tolerant and speaks bash only, so its tree is not believed alone: each word is read a second time
 * by `readWord`, and what lies between words must be the operator that the tree says, and blanks. So nothing in
 * the text is outside the commands that are returned.
 */
export function readLine(text: string): Line | Unread {
  const script = tryParse(text)
  if (typeof script === 'string') return script
  const commands: SimpleCommand[] = []
  const operators: Operator[] = []
  const tokens: Token[] = []
  const take = (node: Command, before: Operator | ''): Unread | undefined => {
    if (commands.length > 0 && before !== '') operators.push(before)
    const command = readCommand(text, node, before, tokens)
    if (typeof command === 'string') return command
    commands.push(command)
    return undefined
  }
  for (const [index, statement] of script.entries()) {
    const unread = readStatement(statement, index === 0 ? '' : ';', take)
    if (unread !== undefined) return unread
  }
  if (commands.length === 0) return 'There is no command in it.'
  return unaccounted(text, tokens) ?? { commands, operators }
}

function tryParse(text: string): readonly Statement[] | Unread {
  try {
    const script = parse(text)
    if (script.errors?.length) return `It could not be parsed: ${script.errors[0]?.message ?? ''}.`
    return script.commands
  } catch {
    return 'It could not be parsed.'
  }
}

type Take = (node: Command, before: Operator | '') => Unread | undefined

function readStatement(statement: Statement, before: Operator | '', take: Take): Unread | undefined {
  if (statement.background) return 'It runs something in the background (&).'
  const { command } = statement
  const pipelines = command.type === 'AndOr' ? command.commands : [command]
  for (const [index, pipeline] of pipelines.entries()) {
    const link = index === 0 ? before : command.type === 'AndOr' ? command.operators[index - 1] : undefined
    if (link === undefined) return 'It could not be parsed.'
    if (pipeline.type === 'Pipeline' && pipeline.prefixes.length > 0) return 'It uses ! or time.'
    const parts = pipeline.type === 'Pipeline' ? pipeline.commands : [pipeline]
    for (const [place, part] of parts.entries()) {
      const pipe = pipeline.type === 'Pipeline' ? pipeline.operators[place - 1] : undefined
      if (pipe === '|&') return 'It uses |&, which other shells read differently.'
      if (part.type !== 'Command') return `It uses a construct of the shell (${part.type}).`
      const unread = take(part, place === 0 ? link : '|')
      if (unread !== undefined) return unread
    }
  }
  return undefined
}

function readCommand(
  text: string,
  node: Command,
  before: Operator | '',
  tokens: Token[],
): SimpleCommand | Unread {
  const words: PlainWord[] = []
  const redirects: string[] = []
  let after = before
  const place = (kind: Token['kind'], { pos, end }: { pos: number; end: number }): void => {
    tokens.push({ kind, pos, end, after })
    after = ''
  }
  for (const part of [...node.prefix, ...(node.name ? [node.name] : []), ...node.suffix]) {
    if (part.type === 'Assignment') return `It sets a variable (${part.name}).`
    if (part.type === 'Word') {
      const word = readWord(text.slice(part.pos, part.end))
      if (typeof word === 'string') return `In ${part.text}: ${word}.`
      if (word.value !== part.value) return `Two readings of ${part.text} differ.`
      words.push(word)
      place('word', part)
    } else {
      const redirect = harmless(text, part)
      if (redirect === undefined) return `It redirects: ${text.slice(part.pos, part.end)}.`
      redirects.push(redirect)
      place('redirect', part)
    }
  }
  const [name, ...rest] = words
  return name === undefined ? 'A command in it has no name.' : { words: [name, ...rest], redirects }
}

/** The redirects that touch no file, in one form for all shells. */
function harmless(text: string, { pos, end }: Redirection): string | undefined {
  const source = text.slice(pos, end)
  const toNothing = /^([12]?>)[ \t]*\/dev\/null$/.exec(source)
  if (toNothing) return `${toNothing[1] ?? ''}/dev/null`
  if (/^<[ \t]*\/dev\/null$/.test(source)) return '</dev/null'
  return /^(2>&1|1?>&2)$/.test(source) ? source : undefined
}

/** A sentence, where the text has something between its tokens that the tree does not tell of. */
function unaccounted(text: string, tokens: readonly Token[]): Unread | undefined {
  let at = 0
  let last: Token | undefined
  for (const token of tokens) {
    const gap = text.slice(at, token.pos)
    const glued = gap === '' && last !== undefined && token.kind === 'word' && last.kind === 'word'
    // Digits right before `>` are a descriptor, whatever the tree says.
    const descriptor =
      gap === '' &&
      token.kind === 'redirect' &&
      last?.kind === 'word' &&
      /^\d+$/.test(text.slice(last.pos, last.end))
    if (gap.replace(/^[ \t]+|[ \t]+$/g, '') !== token.after || glued || descriptor)
      return `It has a part that is no command: ${gap.trim()}.`
    at = token.end
    last = token
  }
  const rest = text.slice(at)
  return /^[ \t]*;?[ \t]*$/.test(rest) ? undefined : `It has a part that is no command: ${rest.trim()}.`
}
