/** One line of the result: a figure of ours, mostly as a ratio to a baseline measured in the same run. */
export interface Row {
  name: string
  ours: number
  /** null where the target is a figure and not a ratio. */
  baseline: number | null
  ratio: number | null
  /** As written in the table: `≤ 1.5×`, `≤ 0.2 ms`, `≥ 0.9×`. */
  target: string
  unit: string
  ok: boolean
}

interface Comparison {
  name: string
  unit: string
  ours: number
  baseline: number
}

/** A row whose ratio ours / baseline shall be at most, or at least, `target`. */
export function compare({ name, unit, ours, baseline }: Comparison, bound: '≤' | '≥', target: number): Row {
  const ratio = ours / baseline
  const ok = bound === '≤' ? ratio <= target : ratio >= target
  return { name, ours, baseline, ratio, target: `${bound} ${target}×`, unit, ok }
}

/** A row whose figure itself shall be at most `target`. */
export function limit({ name, unit, ours }: Omit<Comparison, 'baseline'>, target: number): Row {
  return { name, ours, baseline: null, ratio: null, target: `≤ ${target} ${unit}`, unit, ok: ours <= target }
}

const heads = ['', 'ours', 'baseline', 'ratio', 'target', '']

/** The rows as a table for a terminal. */
export function toTable(rows: Row[]): string {
  const lines = rows.map(({ name, ours, baseline, ratio, target, unit, ok }) => [
    name,
    `${toFigure(ours)} ${unit}`,
    baseline === null ? '' : `${toFigure(baseline)} ${unit}`,
    ratio === null ? '' : `${ratio.toFixed(2)}×`,
    target,
    ok ? 'ok' : 'MISSED',
  ])
  const widths = heads.map((_, i) => Math.max(...[heads, ...lines].map((line) => line[i]?.length ?? 0)))
  const pad = (text: string, i: number): string =>
    i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0)
  return [heads, ...lines].map((line) => line.map(pad).join('  ').trimEnd()).join('\n')
}

function toFigure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3)
}
