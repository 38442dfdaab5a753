import { findNamed, secretName, kindOf, type Span } from './redactNamed.ts'
import { rules } from './redactRules.ts'

/** Secrets of one line, in order, none within another. `previous` is the line before it. */
export function findSecrets(line: string, previous: string): Span[] {
  const spans = [...findNamed(line), ...findByRules(line), ...findBelow(line, previous)]
    // What was hidden before stays as it is.
    .filter(({ start }) => !line.startsWith('[hidden: ', start))
    .sort((a, b) => a.start - b.start || b.end - a.end)
  const merged: Span[] = []
  for (const span of spans) {
    const last = merged.at(-1)
    if (last === undefined || span.start >= last.end) merged.push(span)
    else
      merged[merged.length - 1] = {
        ...last,
        from: Math.min(last.from, span.from),
        end: Math.max(last.end, span.end),
      }
  }
  return merged
}

export function hide(line: string, spans: Span[]): string {
  let at = 0
  let text = ''
  for (const { start, end, kind } of spans) {
    text += `${line.slice(at, start)}[hidden: ${kind}]`
    at = end
  }
  return text + line.slice(at)
}

function findByRules(line: string): Span[] {
  const spans: Span[] = []
  for (const { kind, pattern, check } of rules) {
    pattern.lastIndex = 0
    for (let match = pattern.exec(line); match; match = pattern.exec(line)) {
      // Every rule has both groups.
      const [, before = '', secret = ''] = match
      if (check && !check(secret)) continue
      const start = match.index + before.length
      spans.push({ from: match.index, start, end: start + secret.length, kind })
    }
  }
  return spans
}

const netrcLogin = /^\s*(?:machine\s+\S+\s+)?login\s+\S+\s*$/
const netrcPassword = /^(\s*password\s+)(\S+)/
const namedAbove = new RegExp(`\\bname["']?\\s*[:=]\\s*["']?[\\w.-]*${secretName}["']?,?\\s*$`, 'i')
const valueBelow = /^([\s{-]*["']?value["']?\s*[:=]\s*["']?)([^\s"'][^"']*)/i

/** Secrets that the line above tells: `login` in a .netrc, `name:` in a list of variables. */
function findBelow(line: string, previous: string): Span[] {
  const login = netrcLogin.test(previous) ? netrcPassword.exec(line) : null
  const named = namedAbove.exec(previous)
  const match = login ?? (named && valueBelow.exec(line))
  if (!match) return []
  const [, before = '', secret = ''] = match
  const kind = login ? 'password' : kindOf(named?.[0] ?? '')
  return [{ from: 0, start: before.length, end: before.length + secret.length, kind }]
}
