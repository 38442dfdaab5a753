import type { SecretKind } from './redactRules.ts'

/** A secret in a line: `start` to `end` is hidden, from `from` on it is known as one. */
export interface Span {
  from: number
  start: number
  end: number
  kind: SecretKind
}

const passwords = 'passw(?:or)?d|passphrase|passcode|pass|pwd|psk'
const keyOwners =
  'api|app|access|secret|private|encryption|signing|account|shared|preshared|pre[-_. ]shared|master|auth|client|session|storage'
const others = `secret|token|credentials?|(?:${keyOwners})[-_. ]?key|secret[-_]key[-_]base|client-key-data|tls\\.key`

/** The end of a name that says that a secret follows: `DB_PASSWORD`, `apiKey`, `client-key-data`. */
export const secretName = `(?:${passwords}|${others})`

// `NAME=`, `name: `, `"name": "`, `'name' => `, `['name'] = `; the quote may be escaped as in JSON within a string.
const named = new RegExp(`${secretName}\\\\{0,4}(?:["'\`]\\]?)?\\s{0,8}(?::=|=>|===?|[:=])\\s{0,20}`, 'gi')
const flag = new RegExp(`(?<![\\w-])--?(?:[\\w-]{0,40}[-_])?${secretName}\\s{1,4}`, 'gi')
const element = new RegExp(`<[\\w.:-]{0,60}${secretName}>`, 'gi')
const listed = new RegExp(
  `name\\\\{0,4}["']?\\s{0,4}[:=]\\s{0,4}\\\\{0,4}["']?[\\w.-]{0,80}${secretName}\\\\{0,4}["']?\\s{0,4},\\s{0,4}\\\\{0,4}["']?value\\\\{0,4}["']?\\s{0,4}[:=]\\s{0,4}`,
  'gi',
)

const openQuote = /[bruf$]?(\\{0,6}["'`])/iy
const inQuotes: Record<string, RegExp> = { '"': /(?:[^"\\]|\\.)*/y, "'": /(?:[^'\\]|\\.)*/y, '`': /[^`]*/y }
// , ; & and closing brackets belong to it unless what follows shows that it has ended.
const bare = /(?:[^\s"'`,;&)}\]]|[,;&)}\]](?![\s,;&)}\]"'`]|$|[\w.%-]{1,40}[=:]))*/y

/** What stands where no secret is: nothing, a mark that there is one, the name of a variable. */
const words =
  /^(?:\*+|x{3,}|\.{2,}|-+|[|>][-+\d]*|<[a-z_-]+>?|\(?(?:hidden|redacted|none|null|unset)\)?|nil|undefined|true|false|yes|no|on|off|required|optional|enabled|disabled|string)$/i
const variable = /^(?:\$[A-Z_][A-Z0-9_]*|\$\{\w+(?::?-)?\}?|\$\([\w./-]*|\{\{[\w.\s$-]*|%[({]\w+[)}]?s?)$/
const path =
  /^(?:~|\.{1,2})?\/(?:etc|var|run|home|root|opt|usr|tmp|mnt|srv|proc|sys|dev|data|secrets?|vault|app|config|certs?)(?:\/|$)|^(?:~|\.{1,2})\/|^(?:[\w.-]*\/)+[\w.-]+\.(?:pem|key|crt|txt|json|ya?ml|conf|env)$/

interface Value {
  start: number
  end: number
  quoted: boolean
}

/** Secrets that are known by the name in front of them. */
export function findNamed(line: string): Span[] {
  const spans: Span[] = []
  const look = (
    pattern: RegExp,
    isSecret: (value: string, match: RegExpExecArray, place: Value) => boolean,
  ) => {
    pattern.lastIndex = 0
    for (let match = pattern.exec(line); match; match = pattern.exec(line)) {
      const place = readValue(line, pattern.lastIndex)
      const value = line.slice(place.start, place.end)
      if (value === '' || words.test(value) || variable.test(value) || path.test(value)) continue
      if (!isSecret(value, match, place)) continue
      const kind = kindOf(match[0])
      const end = place.quoted || kind !== 'password' ? place.end : sentenceEnd(line, match, place)
      spans.push({ from: match.index, start: place.start, end, kind })
      pattern.lastIndex = end
    }
  }
  look(named, (value, match, place) =>
    kindOf(match[0]) === 'password' ? !isNoPassword(line, value, match) : isLikely(line, value, match, place),
  )
  look(
    flag,
    (value) => !/^(?:-|[A-Z_]*(?:PASS|PASSWORD|PASSPHRASE|TOKEN|SECRET|KEY|STRING|VALUE)$)/.test(value),
  )
  look(listed, () => true)
  element.lastIndex = 0
  for (let match = element.exec(line); match; match = element.exec(line)) {
    const start = element.lastIndex
    const end = line.indexOf('<', start)
    if (end > start) spans.push({ from: match.index, start, end, kind: kindOf(match[0]) })
  }
  return spans
}

export function kindOf(name: string): SecretKind {
  if (/pass|pwd|psk/i.test(name)) return 'password'
  if (/private.?key/i.test(name)) return 'private key'
  if (/token/i.test(name)) return 'token'
  return /key/i.test(name) ? 'key' : 'secret'
}

function readValue(line: string, at: number): Value {
  openQuote.lastIndex = at
  const quote = openQuote.exec(line)?.[1]
  if (quote === undefined) return { start: at, end: endOf(bare, line, at), quoted: false }
  const start = openQuote.lastIndex
  const content = inQuotes[quote]
  if (content !== undefined) return { start, end: endOf(content, line, start), quoted: true }
  const close = line.indexOf(quote, start)
  return { start, end: close < 0 ? line.length : close, quoted: true }
}

function endOf(pattern: RegExp, line: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(line) ? pattern.lastIndex : at
}

/** `token`, `secret` and `key` stand before other things too: `token: expired`, `key: 5`. */
function isLikely(line: string, value: string, match: RegExpExecArray, { end, quoted }: Value): boolean {
  if (/^\d{1,6}$/.test(value)) return false
  if (quoted || !match[0].includes(':')) return true
  const isWholeLine = opensLine(line, match) && line.slice(end).trim() === ''
  if (isWholeLine && value.length >= 6) return true
  return value.length >= 24 || (value.length >= 6 && /\d/.test(value)) || /[a-z][A-Z].*[a-z][A-Z]/.test(value)
}

/** `bypass=1`, `PASS: test_one` and `pass=12` of a test run, `PWD=/tmp` of an environment. */
function isNoPassword(line: string, value: string, { 0: name, index }: RegExpExecArray): boolean {
  // The end of another word, but not of `dbpass`.
  if (
    /^pass\W/i.test(name) &&
    /(?:by|com|tres|over|under|sur|im)$/i.test(line.slice(Math.max(0, index - 6), index))
  )
    return true
  if (/^pwd/i.test(name)) return value.startsWith('/')
  if (!/^pass\W/i.test(name) || /[\w-]/.test(line.charAt(index - 1))) return false
  return /^PASS\s*:/.test(name) || /^\d+$/.test(value)
}

const opensLine = (line: string, match: RegExpExecArray): boolean =>
  match.index < 100 && /^\s*(?:-\s+)?["']?[\w.-]*$/.test(line.slice(0, match.index))

/** A password that is all of a YAML or INI line may hold blanks: up to a comment or the next `name=`. */
function sentenceEnd(line: string, match: RegExpExecArray, { end }: Value): number {
  const isAssignment = /[:=]\s*$/.test(match[0]) && /:\s|\s=\s|phrase=$/i.test(match[0])
  if (!isAssignment || !opensLine(line, match)) return end
  const rest = line.slice(end)
  if (/^[,;]|\s[\w.-]+\s?[=:]/.test(rest)) return end
  return end + rest.replace(/\s+[#;].*$|\s+$/, '').length
}
