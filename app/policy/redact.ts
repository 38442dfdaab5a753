import { beginKey, beginText, withinBlock, type Block } from './redactBlock.ts'
import { findSecrets, hide } from './redactLine.ts'
import type { Span } from './redactNamed.ts'
import { trigger } from './redactRules.ts'

/** Takes text in pieces, as it comes, and gives it back with secrets replaced; a secret may span pieces. */
export interface Redactor {
  push(text: string): string
  /** What was held back. */
  end(): string
}

/** A line is looked at in pieces of so many characters, and that is also the most that is held back. */
const windowChars = 32 * 1024
/** Where a long line is cut: what begins before has this much room to show its end. */
const cutChars = 24 * 1024
const previousChars = 400

/** The text with `[hidden: kind]` in place of each secret. The same text again comes back unchanged. */
export function redact(text: string): string {
  const redactor = createRedactor()
  return redactor.push(text) + redactor.end()
}

/** However the text is cut into pieces, what comes back is the same as for the whole. */
export function createRedactor(): Redactor {
  /** Not yet looked at: no newline in it between calls. */
  let rest = ''
  let previous = ''
  let block: Block | null = null
  /** The line's begin went out already. */
  let within = false
  /** Within a secret longer than a window. */
  let swallowing = false

  return {
    push(text) {
      // Only the line that was begun is put together: what is long is never copied.
      const first = text.indexOf('\n')
      let out = ''
      if (first >= 0) {
        const last = text.lastIndexOf('\n')
        out = lines(rest + text.slice(0, first + 1)) + lines(text.slice(first + 1, last + 1))
        rest = text.slice(last + 1)
      } else {
        rest += text
      }
      let at = 0
      for (; rest.length - at >= windowChars;) {
        const { text: done, length } = cut(rest.slice(at, at + windowChars))
        out += done
        at += length
      }
      if (at > 0) rest = rest.slice(at)
      return out
    },
    end() {
      const out = rest === '' ? '' : lastPart(rest, '')
      rest = ''
      return out
    },
  }

  function lines(text: string): string {
    let out = ''
    for (let at = 0; at < text.length;) {
      let start = at
      if (block === null && !within) {
        trigger.lastIndex = at
        const found = trigger.exec(text)?.index ?? text.length
        start = Math.max(at, text.lastIndexOf('\n', found - 1) + 1)
        if (start > at) {
          out += text.slice(at, start)
          previous = text
            .slice(Math.max(at, text.lastIndexOf('\n', start - 2) + 1), start - 1)
            .slice(0, previousChars)
        }
        if (start === text.length) break
      }
      const end = text.indexOf('\n', start)
      out += line(text, start, end)
      at = end + 1
    }
    return out
  }

  function line(text: string, start: number, end: number): string {
    let out = ''
    let at = start
    while (end - at >= windowChars) {
      const { text: done, length } = cut(text.slice(at, at + windowChars))
      out += done
      at += length
    }
    out += lastPart(text.slice(at, end), '\n')
    return out
  }

  /** A line's end, mostly all of it. */
  function lastPart(part: string, newline: string): string {
    const before = previous
    previous = within ? '' : part.slice(0, previousChars)
    within = false
    if (swallowing) {
      swallowing = false
      return part.slice(endOfSwallowed(part)) + newline
    }
    let out = ''
    if (block !== null) {
      const inside = withinBlock(part, block)
      if (inside !== 'outside') {
        if (inside.text === null) return ''
        if (!inside.over) return inside.text + newline
        block = null
        return opening(inside.text, '', newline)
      }
      // A key's first line was left open for what follows its END.
      if (block.type === 'key') out = '\n'
      block = null
    }
    return out + opening(part, before, newline)
  }

  function opening(part: string, before: string, newline: string): string {
    block = beginKey(part) ?? beginText(part)
    return plain(part, before) + (block?.type === 'key' ? '' : newline)
  }

  function plain(part: string, before: string): string {
    return hide(part, findSecrets(part, before))
  }

  /** Takes what can be told of the first part of a line that is longer than a window. */
  function cut(part: string): { text: string; length: number } {
    const opened = block?.type === 'key' ? '\n' : ''
    block = null
    within = true
    previous = ''
    if (swallowing) {
      const length = endOfSwallowed(part)
      swallowing = length === part.length
      return { text: '', length }
    }
    trigger.lastIndex = 0
    const spans = trigger.test(part) ? findSecrets(part, '') : []
    const clusters = toClusters(spans)
    const wanted = blankBefore(part, cutChars)
    const crossing = clusters.find(({ from, end }) => from < wanted && end > wanted)
    let length = wanted
    if (crossing) length = crossing.end < part.length ? crossing.end : crossing.from
    if (length === 0) {
      // All of the window is one secret.
      swallowing = true
      return { text: `${opened}${hide(part, spans)}`, length: part.length }
    }
    return {
      text:
        opened +
        hide(
          part.slice(0, length),
          spans.filter(({ end }) => end <= length),
        ),
      length,
    }
  }
}

/** Runs of spans that overlap with what they are known by. */
function toClusters(spans: Span[]): { from: number; end: number }[] {
  const clusters: { from: number; end: number }[] = []
  for (const { from, end } of spans) {
    const last = clusters.at(-1)
    if (last && from < last.end) last.end = end
    else clusters.push({ from, end })
  }
  return clusters
}

/** The last place up to `at` that follows a blank, if one is near; never within a surrogate pair. */
function blankBefore(text: string, at: number): number {
  const blank = text.lastIndexOf(' ', at - 1)
  if (blank > at - 1024) return blank + 1
  const code = text.charCodeAt(at)
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at
}

function endOfSwallowed(text: string): number {
  const end = text.search(/[\s"'`,;<>]/)
  return end < 0 ? text.length : end
}
