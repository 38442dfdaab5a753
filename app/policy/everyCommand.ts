import { forEachChild, parse, type SyntaxNode } from 'unbash'
import { readWord, type PlainWord } from './readWord.ts'

/** Words that stand together: a command, a redirect (its operator and target) or an assigned value. */
export interface Found {
  words: readonly PlainWord[]
  /** Whether the shell expands nothing in them but what `words` show open. */
  plain: boolean
  piped: boolean
}

const runsText =
  /^(sh|bash|dash|ash|zsh|ksh|busybox|eval|trap|ssh|su|sudo|doas|watch|xargs|script|timeout|nsenter|chroot|docker|podman|kubectl|nohup|env|setsid|systemd-run|parallel)$/

/**
 * Every command in a line, however deep: in loops, functions, substitutions, and in words that are scripts for
 * another shell. For what is looked for and denied; a line is allowed only by `readLine`, which is strict.
 */
export function everyCommand(text: string, depth = 0): Found[] {
  const found: Found[] = []
  const visit = (node: SyntaxNode, piped = false): void => {
    if (node.type === 'Command') {
      const words = [node.name, ...node.args.map((part) => (part.type === 'Word' ? part : undefined))]
      add(
        words.flatMap((word) => (word ? [word.text] : [])),
        piped,
      )
    }
    if (node.type === 'Redirect' && node.target) add([`'${node.operator}'`, node.target.text], false)
    if (node.type === 'HereString' && node.target) add([node.target.text], false)
    if (node.type === 'Assignment' && node.value.type === 'Word') add([node.value.text], false)
    forEachChild(node, (child) =>
      visit(child, node.type === 'Pipeline' && child.pos !== node.commands[0]?.pos),
    )
  }
  const add = (sources: readonly string[], piped: boolean): void => {
    const read = sources.map((source) => ({ source, word: readWord(source) }))
    const words = read.map(({ source, word }) => (typeof word === 'string' ? literal(source) : word))
    found.push({ words, plain: read.every(({ word }) => typeof word !== 'string'), piped })
    if (depth >= 3 || !runsText.test(baseName(words[0]))) return
    for (const { value } of words.slice(1))
      if (/[\s;|&<>]/.test(value)) found.push(...everyCommand(value, depth + 1))
  }
  try {
    visit(parse(text))
  } catch {
    // What cannot be parsed is looked at as text.
  }
  return found
}

/** The last name in the path of a binary. */
export function baseName(word: PlainWord | undefined): string {
  return word?.value.slice(word.value.lastIndexOf('/') + 1) ?? ''
}

const wrappers =
  /^(sudo|doas|nohup|nice|ionice|timeout|env|time|command|exec|builtin|busybox|setsid|stdbuf|xargs|watch|chroot|unshare|nsenter|eval|ssh|taskset|systemd-run)$/

/** The command, and what it may run if it is one that runs others: `sudo -u x rm y`, `timeout 5 rm y`. */
export function unwrapped(words: readonly PlainWord[]): (readonly PlainWord[])[] {
  const all = [words]
  for (let at = 0; at < words.length && all.length < 16 && wrappers.test(baseName(words[at]));) {
    // The first word of these two that is no option is a machine or a folder.
    let skips = /^(ssh|chroot)$/.test(baseName(words[at])) ? 1 : 0
    for (at++; at < words.length; at++) {
      all.push(words.slice(at))
      const [word, before] = [words[at]?.value ?? '', words[at - 1]?.value ?? '']
      const option = word.startsWith('-') || before.startsWith('-') || word.includes('=') || /^\d/.test(word)
      if (!option && skips-- <= 0) break
    }
  }
  return all
}

function literal(source: string): PlainWord {
  const value = source.replace(/^(['"])(.*)\1$/s, '$2')
  return { value, pieces: [{ kind: 'plain', text: value }] }
}
