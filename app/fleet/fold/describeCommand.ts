import { redact } from '#app/policy/redact.ts'

const maxChars = 300
/** The probe cuts at so many bytes, perhaps within a secret, which then no longer looks like one. */
const probeCutsAt = 400

/** A command line for the screen: without secrets, in one line, cut. */
export function describeCommand(command: string): string {
  let text = command
    .toWellFormed()
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
  const cut = Buffer.byteLength(text) >= probeCutsAt - 8
  if (cut) text = text.slice(0, Math.max(0, text.lastIndexOf(' ')))
  const told = redact(text)
  if (told.length <= maxChars) return cut ? `${told}…` : told
  return `${told.slice(0, maxChars - 1).toWellFormed()}…`
}
