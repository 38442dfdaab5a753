import type { Link } from '#ui/attach/Attachment.ts'
import type { Reach } from '#ui/state/Connection.svelte.ts'
import { age } from '#ui/text/duration.ts'

/** What the connection lamp says. `age` is how long ago the line was last alive, where that reassures. */
export interface LampState {
  tone: 'live' | 'waiting' | 'off'
  words: string
  age: string | null
}

/** The lamp of a screen without a stream: whether the server answers. */
export function reachLamp(reach: Reach, heardAt: number | null, now: number): LampState {
  switch (reach.state) {
    case 'online':
      return { tone: 'live', words: 'connected', age: heardAt === null ? null : age(now - heardAt) }
    case 'asking':
      return { tone: 'waiting', words: 'connecting', age: null }
    case 'offline':
      return { tone: 'off', words: 'offline', age: null }
    case 'signed_out':
      return { tone: 'off', words: 'signed out', age: null }
  }
}

/** The lamp of a session: how the stream hangs on; `caughtUp` is false while the log is still being read. */
export function linkLamp(
  link: Link,
  reach: Reach,
  caughtUp: boolean,
  heardAt: number | null,
  now: number,
): LampState {
  if (reach.state === 'signed_out' || (reach.state === 'offline' && link.state !== 'attached'))
    return reachLamp(reach, heardAt, now)
  switch (link.state) {
    case 'attached':
      return {
        tone: 'live',
        words: caughtUp ? 'attached' : 'reading',
        age: heardAt === null ? null : age(now - heardAt),
      }
    case 'connecting':
      return { tone: 'waiting', words: 'connecting', age: null }
    case 'reconnecting':
      return { tone: 'waiting', words: 'reconnecting', age: null }
    case 'ended':
      return { tone: 'off', words: 'detached', age: null }
  }
}
