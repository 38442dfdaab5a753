import type { OutputPiece } from './output.ts'

/** A line, or a part of a long one: `char` characters stand before it, `last` says that the line ends with it. */
export interface Segment {
  line: number
  char: number
  text: string
  last: boolean
}

const segmentChars = 16_000
const shownChars = 2_000
/** Of a line beside a hit. */
const besideChars = 200
const beside = 2
/** What a page holds at most, so that it is no capped output itself. */
const pageChars = 40_000

/** The lines from `first` on (both count from 0), long ones in parts. */
export async function* segments(
  pieces: AsyncIterable<OutputPiece>,
  first: number,
  signal: AbortSignal,
): AsyncGenerator<Segment> {
  let rest = ''
  let line: number | undefined
  let char = 0
  for await (const piece of pieces) {
    signal.throwIfAborted()
    // The first piece may begin within a line; that one is before the first wanted, or begins there too.
    line ??= piece.line
    const text = rest + piece.text
    let at = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
      if (line >= first) yield* cut(text.slice(at, end), { line, char }, true)
      at = end + 1
      line += 1
      char = 0
    }
    rest = text.slice(at)
    const whole = rest.length - (rest.length % segmentChars)
    if (whole === 0) continue
    if (line >= first) yield* cut(rest.slice(0, whole), { line, char }, false)
    char += whole
    rest = rest.slice(whole)
  }
  if (line !== undefined && line >= first && (rest !== '' || char > 0)) yield* cut(rest, { line, char }, true)
}

function* cut(
  text: string,
  { line, char }: { line: number; char: number },
  ends: boolean,
): Generator<Segment> {
  for (let at = 0; at === 0 || at < text.length; at += segmentChars) {
    const last = ends && at + segmentChars >= text.length
    yield { line, char: char + at, text: text.slice(at, at + segmentChars), last }
  }
}

/** `count` lines with their numbers, and where to go on. */
export async function linesOf(parts: AsyncIterable<Segment>, count: number): Promise<string> {
  const shown: string[] = []
  let chars = 0
  let lines = 0
  for await (const { line, char, text, last } of parts) {
    if (char > 0) continue
    if (lines === count || chars > pageChars) return `${shown.join('\n')}\n[goes on: from_line ${line + 1}]`
    const isWhole = last && text.length <= shownChars
    const more = isWhole ? '' : ` … [the line goes on: from_line ${line + 1}, from_char ${shownChars}]`
    shown.push(`${line + 1}: ${text.slice(0, shownChars).toWellFormed()}${more}`)
    chars += Math.min(text.length, shownChars)
    lines += 1
  }
  return shown.length === 0
    ? '[there is no such line: the output ends before]'
    : `${shown.join('\n')}\n[the end of the output]`
}

/** A part of the first line from character `from` on, and where to go on. */
export async function withinLine(parts: AsyncIterable<Segment>, from: number): Promise<string> {
  let shown = ''
  let number = 0
  for await (const { line, char, text, last } of parts) {
    number ||= line + 1
    if (char + text.length > from) shown += text.slice(Math.max(0, from - char))
    if (shown.length > segmentChars || (shown.length === segmentChars && !last)) {
      const part = shown.slice(0, segmentChars).toWellFormed()
      return `${number}: ${part} … [the line goes on: from_line ${number}, from_char ${from + segmentChars}]`
    }
    if (!last) continue
    if (shown === '') return `[line ${number} has ${char + text.length} characters]`
    return `${number}: ${shown.toWellFormed()}\n[the end of the line; next: from_line ${number + 1}]`
  }
  return '[there is no such line: the output ends before]'
}

/** Lines that hold `search`, in any case, each with the lines beside it. */
export async function searchIn(parts: AsyncIterable<Segment>, search: string, hits: number): Promise<string> {
  const wanted = search.toLowerCase()
  const shown: string[] = []
  const before: { line: number; text: string }[] = []
  let carry = ''
  let after = 0
  let found = 0
  let chars = 0
  const show = (text: string) => {
    shown.push(text)
    chars += text.length
  }
  for await (const { line, char, text, last } of parts) {
    if (char === 0) {
      if (found === hits || chars > pageChars)
        return `${shown.join('\n')}\n[${found} found so far; goes on: from_line ${line + 1}]`
      carry = ''
    }
    const looked = carry + text
    const at = looked.toLowerCase().indexOf(wanted)
    carry = last ? '' : looked.slice(-(wanted.length - 1) || looked.length)
    if (at >= 0) {
      found += 1
      for (const one of before.splice(0)) if (one.line < line) show(one.text)
      const start = Math.max(0, at - besideChars)
      const place = char - (looked.length - text.length) + start
      const where = place > 0 ? ` (from_char ${place})` : ''
      show(`${line + 1}${where}: ${looked.slice(start, start + shownChars).toWellFormed()}`)
      after = beside
    } else if (char === 0) {
      const one = `${line + 1}- ${text.slice(0, besideChars).toWellFormed()}`
      if (after > 0) show(one)
      else if (before.push({ line, text: one }) > beside) before.shift()
      after = Math.max(0, after - 1)
    }
  }
  if (found === 0) return `[${JSON.stringify(search)} does not occur from there on]`
  return `${shown.join('\n')}\n[${found} found, to the end of the output]`
}
