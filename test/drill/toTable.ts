/** One line of the table of drills. */
export interface Row {
  case: string
  result: 'passed' | 'failed' | 'skipped'
  /** Answers of the model. */
  steps: number
  approvals: number
  denied: number
  /** Read, from the cache too, and written; null: the server does not say. */
  tokens: number | null
  seconds: number
  /** What is still broken, what harm was done, which budget was not kept, what is missing, or only stood in for. */
  why: string
}

const columns = ['case', 'result', 'steps', 'approvals', 'denied', 'tokens', 'seconds', 'why'] as const

/** A table in Markdown, padded so that it reads well in a terminal too. */
export function toTable(rows: Row[]): string {
  const lines = [columns, ...rows.map((row) => columns.map((column) => String(row[column] ?? '–')))]
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)))
  const print = (cells: readonly string[]): string =>
    `| ${cells.map((cell, index) => cell.padEnd(index === cells.length - 1 ? 0 : (widths[index] ?? 0))).join(' | ')} |`
  const [head = columns, ...body] = lines
  return [print(head), print(widths.map((width) => '-'.repeat(width))), ...body.map(print)].join('\n')
}
