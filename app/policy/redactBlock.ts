import { kindOf, secretName } from './redactNamed.ts'
import type { SecretKind } from './redactRules.ts'

/** A secret that goes on over lines: a key between its BEGIN and END, or a YAML text below its name. */
export type Block =
  | { type: 'key'; column: number; lines: number }
  | { type: 'text'; indent: number; kind: SecretKind; told: boolean }

/** An RSA key of 16,384 bits has 200; what goes on beyond is no key. */
const maxKeyLines = 400

const keyBegin = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/y
const keyEnd = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/
const textBegin = new RegExp(
  `^(\\s*)(?:-\\s+)?["']?[\\w.-]{0,80}${secretName}["']?\\s*:\\s*[|>][-+\\d]*\\s*$`,
  'i',
)

/** A key that begins in this line and does not end in it. */
export function beginKey(line: string): Block | null {
  const column = line.lastIndexOf('-----BEGIN ')
  keyBegin.lastIndex = Math.max(0, column)
  if (column < 0 || !keyBegin.test(line)) return null
  const after = line.slice(keyBegin.lastIndex)
  // Words after it: somebody speaks of a key, there is none.
  return keyEnd.test(after) || !isMaterial(after) ? null : { type: 'key', column, lines: 0 }
}

export function beginText(line: string): Block | null {
  const [, indent] = textBegin.exec(line) ?? []
  return indent === undefined
    ? null
    : { type: 'text', indent: indent.length, kind: kindOf(line), told: false }
}

/**
 * What a line within a block comes down to: `text` null where nothing is left of it, `over` where it is the last
 * one, `outside` where it is no part of it at all.
 */
export function withinBlock(line: string, block: Block): { text: string | null; over: boolean } | 'outside' {
  if (block.type === 'text') {
    const indent = line.search(/\S/)
    if (indent < 0) return { text: null, over: false }
    if (indent <= block.indent) return 'outside'
    const text = block.told ? null : `${line.slice(0, indent)}[hidden: ${block.kind}]`
    block.told = true
    return { text, over: false }
  }
  const end = keyEnd.exec(line)
  if (end) return { text: line.slice(end.index + end[0].length), over: true }
  block.lines += 1
  if (block.lines > maxKeyLines) return 'outside'
  // Behind the same prefix as BEGIN (a log's, a diff's), or as the long word at the line's end.
  const isPart =
    isMaterial(line) || isMaterial(line.slice(block.column)) || /[A-Za-z0-9+/]{40,}={0,2}\W{0,4}$/.test(line)
  return isPart ? { text: null, over: false } : 'outside'
}

/** Base64 in any quoting, or a header of an old key; nothing at all counts too. */
function isMaterial(text: string): boolean {
  if (/^\s*(?:Proc-Type|DEK-Info|Version|Comment|Hash)\s?:/.test(text)) return true
  const bare = text.replaceAll(/\\[nrt]/g, '').replaceAll(/^[\s>|"'+#*]+|[\s"'+,;\\]+$/g, '')
  return /^[A-Za-z0-9+/=]*$/.test(bare)
}
