export interface Header {
  version: string
  nonce: string
  /** Where the line after it begins. */
  next: number
}

const first = 'breakglass-probe '
/** What a shell's start-up files say before it. */
const preambleChars = 20_000

/** The probe's first line, also below a banner; null when it is not there. */
export function readHeader(text: string): Header | null {
  let at = text.startsWith(first) ? 0 : text.slice(0, preambleChars).indexOf(`\n${first}`)
  if (at < 0) return null
  if (at > 0 || text.charCodeAt(0) === 10) at++
  const stop = text.indexOf('\n', at)
  if (stop < 0) return null
  const [version = '', nonce = ''] = text.slice(at + first.length, Math.min(stop, at + 80)).split(' ')
  return { version, nonce, next: stop + 1 }
}

/** Whether it speaks the protocol that is read here. */
export function isProbe({ version, nonce }: Header): boolean {
  return version === '1' && /^[0-9a-f]{16}$/.test(nonce)
}
