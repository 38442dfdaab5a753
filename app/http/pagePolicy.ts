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

/** Only our own files and texts named by their hash: no other origin, no `unsafe-inline`, whatever the page says. */
const acceptable = /^'(?:self|sha(?:256|384|512)-[A-Za-z0-9+/=]+)'$/

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
    const [name, ...sources] = directive.trim().split(/\s+/)
    if (name !== 'script-src' && name !== 'style-src') continue
    policy[name] = ["'self'", ...sources.filter((one) => one !== "'self'" && acceptable.test(one))].join(' ')
  }
  return Object.entries(policy)
    .map(([name, sources]) => `${name} ${sources}`)
    .join('; ')
}
