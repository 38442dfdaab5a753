/**
 * When a server wants to be asked again, in milliseconds from `now`: `retry-after-ms`, `retry-after` (seconds or a
 * date, RFC 9110), else the latest `anthropic-ratelimit-…-reset` among the limits that are used up.
 */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const ms = Number(headers.get('retry-after-ms') ?? 'none')
  if (Number.isFinite(ms)) return Math.max(0, ms)
  const after = headers.get('retry-after')
  if (after !== null) {
    const seconds = Number(after)
    return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : until(after, now)
  }
  const resets = [...headers].flatMap(([name, value]) => {
    const limit = /^anthropic-ratelimit-(.+)-reset$/.exec(name)?.[1]
    const isUsedUp = limit !== undefined && headers.get(`anthropic-ratelimit-${limit}-remaining`) === '0'
    return isUsedUp ? [until(value, now) ?? 0] : []
  })
  return resets.length === 0 ? undefined : Math.max(...resets)
}

function until(date: string, now: number): number | undefined {
  const at = Date.parse(date)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
