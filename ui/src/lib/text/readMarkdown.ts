import { Marked, type MarkedToken, type Token, type Tokens } from 'marked'
import type { Cell, ListItem, MarkdownBlock, Span } from './markdown.ts'

/** A block of the text, with the place at which it begins. */
export interface Placed {
  at: number
  block: MarkdownBlock
}

export interface ReadMarkdown {
  text: string
  placed: Placed[]
  /** What is appended can change nothing before this place. */
  settled: number
}

export const nothingRead: ReadMarkdown = { text: '', placed: [], settled: 0 }

/** Deeper than this stands as it was written. */
const deepest = 8
const none = (): undefined => undefined

/** HTML, bare addresses and definitions of references are no syntax here: they stay text. */
const marked = new Marked({ tokenizer: { html: none, tag: none, url: none, autolink: none, def: none } })

/**
 * Reads a text as Markdown. `before` is what was read of its beginning: blocks that the appended piece cannot change
 * are the same objects again. Only what stands after the last blank line but one is read anew: "2" may become the
 * next point of the list before it.
 */
export function readMarkdown(source: string, before: ReadMarkdown = nothingRead): ReadMarkdown {
  const text = source.includes('\r') ? source.replace(/\r\n?/g, '\n') : source
  const from = text.startsWith(before.text) ? before.settled : 0
  const placed = from === 0 ? [] : before.placed.filter(({ at }) => at < from)
  let at = from
  let [settled, newest] = [from, from]
  for (const token of lex(text.slice(from))) {
    if (token.type !== 'space') {
      if (text.slice(at - 2, at) === '\n\n') [settled, newest] = [newest, at]
      placed.push(...toBlocks(token, 0).map((block) => ({ at, block })))
    }
    at += token.raw.length
  }
  return { text, placed, settled }
}

/** Where the reader gives up (it recurses, and someone nests a thousand quotes), the words stand as they are. */
function lex(text: string): MarkedToken[] {
  try {
    // No extension is installed, so these are all the tokens there are.
    return marked.lexer(text) as MarkedToken[]
  } catch {
    return [
      { type: 'paragraph', raw: text, text, tokens: [{ type: 'text', raw: text, text, escaped: false }] },
    ]
  }
}

function toBlocks(token: MarkedToken, depth: number): MarkdownBlock[] {
  if (depth > deepest) return [asWritten(token.raw)]
  switch (token.type) {
    case 'space':
    case 'checkbox':
    case 'def':
      return []
    case 'heading':
      return [{ type: 'heading', level: token.depth, spans: toSpans(token.tokens, depth) }]
    case 'code':
      return [{ type: 'code', language: token.lang?.split(/\s/, 1)[0] ?? '', text: token.text }]
    case 'list':
      return [
        {
          type: 'list',
          ordered: token.ordered,
          start: token.start === '' ? 1 : token.start,
          items: token.items.map((item) => toItem(item, depth)),
        },
      ]
    case 'blockquote':
      return [{ type: 'quote', blocks: allBlocks(token.tokens, depth + 1) }]
    case 'table':
      return [
        {
          type: 'table',
          head: token.header.map((cell) => toCell(cell, depth)),
          rows: token.rows.map((row) => row.map((cell) => toCell(cell, depth))),
        },
      ]
    case 'hr':
      return [{ type: 'rule' }]
    case 'paragraph':
    case 'text':
      return [{ type: 'paragraph', spans: toSpans(token.tokens ?? [token], depth) }]
    default:
      return [asWritten(token.raw)]
  }
}

function allBlocks(tokens: Token[], depth: number): MarkdownBlock[] {
  // As in `lex`.
  return (tokens as MarkedToken[]).flatMap((token) => toBlocks(token, depth))
}

function toItem(item: Tokens.ListItem, depth: number): ListItem {
  return { done: item.task ? item.checked === true : null, blocks: allBlocks(item.tokens, depth + 1) }
}

function toCell(cell: Tokens.TableCell, depth: number): Cell {
  return { align: cell.align ?? 'left', spans: toSpans(cell.tokens, depth) }
}

function toSpans(tokens: Token[], depth: number): Span[] {
  // As in `lex`.
  return (tokens as MarkedToken[]).flatMap((token) => toSpan(token, depth + 1))
}

function toSpan(token: MarkedToken, depth: number): Span[] {
  if (depth > deepest * 2) return [{ type: 'plain', text: token.raw }]
  switch (token.type) {
    case 'strong':
    case 'em':
    case 'del':
      return [{ type: token.type, spans: toSpans(token.tokens, depth) }]
    case 'codespan':
      return [{ type: 'code', text: token.text }]
    case 'br':
      return [{ type: 'break' }]
    case 'link':
      // Words that are their own address are told once.
      return token.text === token.href
        ? [{ type: 'plain', text: token.text }]
        : [{ type: 'link', spans: toSpans(token.tokens, depth), address: token.href }]
    case 'image':
      return [{ type: 'image', alt: token.text, address: token.href }]
    case 'escape':
    case 'text':
      return [{ type: 'plain', text: token.text }]
    case 'checkbox':
      return []
    default:
      return [{ type: 'plain', text: token.raw }]
  }
}

function asWritten(raw: string): MarkdownBlock {
  return { type: 'paragraph', spans: [{ type: 'plain', text: raw }] }
}
