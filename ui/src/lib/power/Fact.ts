import type { Shape } from '#ui/components/shape.ts'

/** One thing to know, in a sentence with its shape. */
export interface Fact {
  key: string
  shape: Shape
  text: string
  /** It holds now, however old is what was read of the VM. */
  now?: true
  /** When that was found out; ISO 8601. */
  at?: string | null
  /** What it consists of, one a line, as the hypervisor writes it. */
  lines?: string[]
}

const words: Record<Shape, string> = {
  crit: 'problem',
  warn: 'warning',
  unknown: 'not known',
  off: 'note',
  ok: 'good',
}

/** The shape for those who do not see it. */
export function shapeWord(shape: Shape): string {
  return words[shape]
}
