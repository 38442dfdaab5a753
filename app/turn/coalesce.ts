export interface Coalescer {
  push(text: string): void
  /** Emits what waits, at once. */
  flush(): void
}

/**
 * Joins small pieces of text: `emit` gets them in order, at the latest `afterMs` after the first that waits
 * or when they reach `maxChars`, so that a token is never an append of its own.
 */
export function coalesce(emit: (text: string) => void, { afterMs = 40, maxChars = 4096 } = {}): Coalescer {
  let waiting = ''
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    if (waiting === '') return
    const text = waiting
    waiting = ''
    emit(text)
  }
  return {
    flush,
    push(text) {
      waiting += text
      if (waiting.length >= maxChars) flush()
      else timer ??= setTimeout(flush, afterMs)
    },
  }
}
