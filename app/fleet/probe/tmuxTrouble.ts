import { plainText } from './plainText.ts'
import type { TmuxReading } from './readTmux.ts'

/** Which tmux servers could not be read, in a sentence; null when all were. */
export function tmuxTrouble({ errors, unread }: TmuxReading): string | null {
  const [first] = errors
  if (first) {
    const more = errors.length === 1 ? '' : ` ${errors.length - 1} more could not be read either.`
    const why = plainText(first.text, 160).replace(/\.$/, '')
    return `The tmux server of ${plainText(first.user, 40)} could not be read: ${why}.${more}`
  }
  if (unread === 0) return null
  return unread === 1 ? 'A line of it could not be read.' : `${unread} lines of it could not be read.`
}
