const base = {
  'default-src': "'none'",
  'base-uri': "'none'",
  'connect-src': "'self'",
  'font-src': "'self'",
  'form-action': "'self'",
  'frame-ancestors': "'none'",
  'img-src': "'self' data:",
  'manifest-src': "'self'",
  'script-src': "'self'",
  'style-src': "'self'",
  'worker-src': "'self'",
}

/**
 * What a page may ask for beyond that: its own files and texts named by their hash, for a style attribute with the
 * word that lets a hash count there. No other origin, no `unsafe-inline`, whatever the page says.
 */
const grantable = new Map([
  ['script-src', /^'(?:self|sha(?:256|384|512)-[A-Za-z0-9+/=]+)'$/],
  ['style-src', /^'(?:self|sha(?:256|384|512)-[A-Za-z0-9+/=]+)'$/],
  ['style-src-attr', /^'(?:unsafe-hashes|sha(?:256|384|512)-[A-Za-z0-9+/=]+)'$/],
])

/**
 * The Content-Security-Policy of a page, which repeats the hashes of its own inline scripts and styles. The build
 * writes them into a `<meta http-equiv>`, where `frame-ancestors` has no effect: hence the header.
 *
 * @param html the page as built.
 */
export function pagePolicy(html: string): string {
  const meta = /<meta http-equiv="content-security-policy" content="([^"]*)"/i.exec(html)?.[1] ?? ''
  const policy: Record<string, string> = { ...base }
  for (const directive of meta.split(';')) {
    const [name = '', ...sources] = directive.trim().split(/\s+/)
    const granted = sources.filter((one) => grantable.get(name)?.test(one))
    if (granted.length > 0) policy[name] = granted.join(' ')
  }
  return Object.entries(policy)
    .map(([name, sources]) => `${name} ${sources}`)
    .join('; ')
}
