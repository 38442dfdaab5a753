/**
 * What a machine or its users chose (names, command lines, errors) for a model: in quotes, on one line, without
 * characters that are not seen, so that a tmux session's name cannot pass for our own words.
 */
export function quote(text: string, longest = 80): string {
  const line = text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
  const short = line.length > longest ? `${line.slice(0, longest).toWellFormed()}…` : line
  return JSON.stringify(short)
}

/** `3 min`, `2 d`; between two times in ms since 1970. */
export function age(fromMs: number, nowMs: number): string {
  const s = Math.max(0, Math.round((nowMs - fromMs) / 1000))
  if (s < 120) return `${s} s`
  if (s < 7200) return `${Math.round(s / 60)} min`
  return s < 172_800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86_400)} d`
}

/** A figure with its unit; what is missing is `unknown`, never 0. */
export function figure(value: number | null, unit: string): string {
  return value === null ? `unknown ${unit}` : `${Math.round(value * 10) / 10} ${unit}`
}
