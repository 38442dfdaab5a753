/**
 * A decimal number as programs print it, or null: `[N/A]`, `ERR!`, an empty field and all else that is no number is
 * missing, never 0. Quick, and stricter than Number(): no exponents, no hex, no blanks within.
 */
export function readNumber(text: string | undefined): number | null {
  if (text === undefined) return null
  let at = 0
  let end = text.length
  while (at < end && text.charCodeAt(at) === 32) at++
  while (end > at && text.charCodeAt(end - 1) === 32) end--
  // No figure of a machine is longer; what is would lose its digits.
  if (end === at || end - at > 20) return null
  const from = at
  if (text.charCodeAt(at) === 45) at++
  let digits = 0
  let dot = -1
  let value = 0
  for (; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code >= 48 && code <= 57) {
      digits++
      value = value * 10 + (code - 48)
    } else if (code === 46 && dot < 0) dot = at
    else return null
  }
  if (digits === 0) return null
  // So many digits, and so small a power of ten, are exact: their quotient is what Number gives.
  if (digits > 15) return Number(text.slice(from, end))
  const size = dot < 0 ? value : value / 10 ** (end - dot - 1)
  return text.charCodeAt(from) === 45 ? -size : size
}

/** The same for what counts something: whole and not below 0. */
export function readCount(text: string | undefined): number | null {
  const value = readNumber(text)
  return value !== null && value >= 0 && Number.isSafeInteger(value) ? value : null
}
