import type { Shape } from '#ui/components/shape.ts'

/** A risk in words, with the shape that says it without colour. One that is not known counts as high. */
export function riskWord(risk: string): { words: string; shape: Shape } {
  switch (risk) {
    case 'low':
      return { words: 'low risk', shape: 'ok' }
    case 'medium':
      return { words: 'medium risk', shape: 'warn' }
    case 'destructive':
      return { words: 'destructive', shape: 'crit' }
    default:
      return { words: `${risk} risk`, shape: 'crit' }
  }
}
