import { allowlistFiles } from './allowlistFiles.ts'
import { allowlistNames } from './allowlistNames.ts'
import { allowlistNetwork } from './allowlistNetwork.ts'
import { matchRule, type Match, type Rule } from './allowlistRule.ts'
import { allowlistServices } from './allowlistServices.ts'
import { allowlistSystem } from './allowlistSystem.ts'
import type { PlainWord } from './readWord.ts'

/** Every binary of which some use is known to change nothing, to show no secret and to end. */
export const allowlist: ReadonlyMap<string, Rule> = new Map(
  [allowlistFiles, allowlistSystem, allowlistServices, allowlistNetwork, allowlistNames].flatMap((table) =>
    Object.entries(table),
  ),
)

const systemFolder = /^\/(usr\/)?s?bin\//

/** Judges one simple command. `piped`: its input is the output of another. */
export function judgeCommand(words: readonly PlainWord[], piped: boolean): Match {
  const [name, ...args] = words
  if (name === undefined) return { verdict: 'ask', why: 'it names no command' }
  if (name.pieces.some(({ kind }) => kind !== 'plain'))
    return { verdict: 'ask', why: 'its name is not plain text' }
  if (name.value === 'sudo') {
    if (args[0]?.value !== '-n') return { verdict: 'ask', why: 'without -n, sudo may wait for a password' }
    return judgeCommand(args.slice(1), piped)
  }
  const binary = name.value.replace(systemFolder, '')
  if (binary === '[') {
    const rule = allowlist.get('test')
    if (rule && args.at(-1)?.value === ']') return matchRule(rule, args.slice(0, -1), piped)
  }
  const rule = allowlist.get(binary)
  return rule
    ? matchRule(rule, args, piped)
    : { verdict: 'ask', why: `${name.value} is not on the list of what only reads` }
}
