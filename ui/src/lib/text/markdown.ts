/** Markdown as it is drawn. Nothing here is HTML, and nothing of it is ever loaded or followed. */
export type MarkdownBlock =
  | { type: 'paragraph'; spans: Span[] }
  | { type: 'heading'; level: number; spans: Span[] }
  | { type: 'code'; language: string; text: string }
  | { type: 'list'; ordered: boolean; start: number; items: ListItem[] }
  | { type: 'quote'; blocks: MarkdownBlock[] }
  | { type: 'table'; head: Cell[]; rows: Cell[][] }
  | { type: 'rule' }

export interface ListItem {
  /** Of a list of things to do: done or not; null elsewhere. */
  done: boolean | null
  blocks: MarkdownBlock[]
}

export interface Cell {
  align: 'left' | 'center' | 'right'
  spans: Span[]
}

export type Span =
  | { type: 'plain' | 'code'; text: string }
  | { type: 'strong' | 'em' | 'del'; spans: Span[] }
  /** Words and their address, to be read. */
  | { type: 'link'; spans: Span[]; address: string }
  | { type: 'image'; alt: string; address: string }
  | { type: 'break' }
