import { judgeCommand } from './allowlist.ts'
import { assessRisk, highest, type Assessed } from './assessRisk.ts'
import type { Classified, Mode } from './Classified.ts'
import { everyCommand } from './everyCommand.ts'
import { forbidden } from './forbidden.ts'
import { freeze } from './freeze.ts'
import { observes } from './observes.ts'
import { readLine, type Line, type SimpleCommand } from './readLine.ts'
import { namesSecret } from './secretPaths.ts'

/** A longer line is not something that an operator reads before approving it. */
const longestLine = 8192

/**
 * What is not shown as it is: control characters, invisible ones, and those that turn the direction of the text
 * around them. A line with one of them never runs, so nobody approves what cannot be seen.
 */
const misleading =
  /[^\P{C}\n\t]|[^\P{White_Space} \n\t]|[\p{Default_Ignorable_Code_Point}\u2800]|[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u

/**
 * Judges one command line for a target: deny, allow, or ask, in this order. Pure. In mode `autonomous` the verdict
 * is the same as in `ask`: whoever runs it decides what an ask means there.
 *
 * @example classify('df -h | sort', 'ask') // {verdict: 'allow', action: "'df' '-h' | 'sort'", …}
 */
export function classify(command: string, mode: Mode): Classified {
  const judged = judge(command)
  if (mode !== 'read-only' || judged.verdict !== 'ask') return judged
  return {
    ...judged,
    verdict: 'deny',
    why: `This target is read-only, and not all of this is known to only read. ${judged.why}`,
  }
}

function judge(command: string): Classified {
  const text = trimmed(command)
  if (text.length > longestLine)
    return denied(
      shown(text.slice(0, longestLine)),
      `It is longer than ${String(longestLine)} characters: split it.`,
    )
  if (misleading.test(text))
    return denied(shown(text), 'It holds characters that are invisible or mislead the eye.')
  if (text === '') return denied('', 'There is no command in it.')
  const never = forbidden(text)
  if (never !== undefined) return denied(text, never)
  const line = readLine(text)
  if (typeof line === 'string') {
    if (namesSecret(text)) return denied(text, `It names a secret. ${line}`)
    return asked(text, [line], unreadRisk(text), true)
  }
  if (/[^\t\x20-\x7e]/.test(text))
    return asked(text, ['It has characters outside ASCII, or more than one line.'], unreadRisk(text), true)
  return judgeLine(line)
}

function judgeLine(line: Line): Classified {
  const action = freeze(line)
  const reasons: string[] = []
  const assessed: Assessed[] = []
  for (const [index, command] of line.commands.entries()) {
    const match = judgeCommand(command.words, line.operators[index - 1] === '|')
    if (match.verdict === 'allow') continue
    const why = `\`${named(command)}\`: ${match.why}.`
    if (match.verdict === 'deny') return denied(action, why)
    reasons.push(why)
    assessed.push(assessRisk(command.words))
  }
  if (reasons.length > 0) return asked(action, reasons, assessed, observes(line))
  return {
    verdict: 'allow',
    why: `It only reads: ${names(line)}.`,
    risk: 'low',
    action,
    observes: observes(line),
  }
}

/** Blanks and line ends around it do not count; one after a backslash does. */
function trimmed(command: string): string {
  const text = command.replace(/^[ \t\n]+/, '')
  const end = text.replace(/[ \t\n]+$/, '')
  return end.endsWith('\\') ? text : end
}

function denied(action: string, why: string): Classified {
  return { verdict: 'deny', why, risk: 'high', action, observes: false }
}

function asked(
  action: string,
  reasons: readonly string[],
  assessed: readonly Assessed[],
  observed: boolean,
): Classified {
  const notes = new Set(assessed.flatMap(({ note }) => (note === undefined ? [] : [`Note: ${note}.`])))
  const more = reasons.length > 3 ? [`And ${String(reasons.length - 3)} more.`] : []
  const [only] = assessed
  const undo = assessed.length === 1 ? only?.undo : undefined
  return {
    verdict: 'ask',
    why: [...reasons.slice(0, 3), ...more, ...notes].join(' '),
    risk: highest(assessed.map(({ risk }) => risk)),
    ...(undo !== undefined && { undo }),
    action,
    observes: observed,
  }
}

/** A line that is more than simple commands does at least what its commands do, and a write goes unseen in it. */
function unreadRisk(text: string): Assessed[] {
  const parts = everyCommand(text).filter(
    ({ plain, words, piped }) => !plain || judgeCommand(words, piped).verdict !== 'allow',
  )
  return [{ risk: 'medium' }, ...parts.map(({ words }) => assessRisk(words))]
}

function named({ words }: SimpleCommand): string {
  const text = words.map(({ value }) => value).join(' ')
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

function names({ commands }: Line): string {
  return [
    ...new Set(
      commands.map(({ words }) => (words[0].value === 'sudo' ? (words[2]?.value ?? 'sudo') : words[0].value)),
    ),
  ].join(', ')
}

/** A text with what cannot be seen in it written out. */
function shown(text: string): string {
  const each = new RegExp(misleading.source, 'gu')
  return text.replace(each, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)
}
