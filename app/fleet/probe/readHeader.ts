export interface Header {
  version: string
  nonce: string
  /** The index of the line after it. */
  next: number
}

const first = 'breakglass-probe '
/** What a shell's start-up files say before it. */
const preambleLines = 200

/** The probe's first line, also below a banner; null when it is not there. */
export function readHeader(lines: readonly string[]): Header | null {
  const end = Math.min(lines.length, preambleLines)
  for (let at = 0; at < end; at++) {
    const line = lines[at] ?? ''
    if (!line.startsWith(first)) continue
    const [version = '', nonce = ''] = line
      .slice(first.length, first.length + 60)
      .trimEnd()
      .split(' ')
    return { version, nonce, next: at + 1 }
  }
  return null
}

/** Whether it speaks the protocol that is read here. */
export function isProbe({ version, nonce }: Header): boolean {
  return version === '1' && /^[0-9a-f]{16}$/.test(nonce)
}
