const prefix = 'breakglass.'

/** What the browser remembers is a comfort: every failure (private mode, full, forbidden) is no memory. */
export function recall(name: string): string | null {
  try {
    return localStorage.getItem(prefix + name)
  } catch {
    return null
  }
}

/** Remembers `value`, or forgets it when null. */
export function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(prefix + name)
    else localStorage.setItem(prefix + name, value)
  } catch {
    // Nothing depends on it.
  }
}

/** A value of our own making with the time at which it was true; null when there is none. */
export interface Remembered<T> {
  at: number
  value: T
}

export function recallValue<T>(name: string): Remembered<T> | null {
  try {
    // Written by `rememberValue` alone; the name changes when the shape does.
    return JSON.parse(recall(name) ?? 'null') as Remembered<T> | null
  } catch {
    return null
  }
}

export function rememberValue(name: string, value: unknown, now: number): void {
  remember(name, JSON.stringify({ at: now, value }))
}

/**
 * Forgets all that came from the server, and what was written for it. Only the theme stays, and the draft of the
 * last session with the key of its send: who signs in again goes on there.
 */
export function forgetServerData(): void {
  const last = recall('session')
  const kept = ['theme', 'session', `draft.${last}`, `unanswered.${last}`].map((name) => prefix + name)
  try {
    for (const key of Object.keys(localStorage))
      if (key.startsWith(prefix) && !kept.includes(key)) localStorage.removeItem(key)
  } catch {
    // A storage that cannot be read keeps nothing.
  }
}
