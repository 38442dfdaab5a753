/**
 * What `status` printed, one fact a line: "uptime_s: 7". It prints one JSON object; what it leaves open has no line, and
 * any other text stands as it is.
 */
export function readStatus(text: string): string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return text
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return text
  return Object.entries(value)
    .filter(([, fact]) => fact !== null && !(Array.isArray(fact) && fact.length === 0))
    .map(([name, fact]) => `${name}: ${Array.isArray(fact) ? fact.join(', ') : said(fact)}`)
    .join('\n')
}

function said(fact: unknown): string {
  return typeof fact === 'string' ? fact : JSON.stringify(fact)
}
