import { ownText } from './ownText.ts'

/** One line of what a far side said, safe to show: no control characters, single blanks, cut with `…`. */
export function plainText(text: string, max: number): string {
  const line = text
    .slice(0, max * 4)
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
  return line.length <= max
    ? ownText(line)
    : `${line
        .slice(0, max - 1)
        .toWellFormed()
        .trimEnd()}…`
}
