/**
 * Calls `work` soon and then about every `everyMs` (a tenth more or less, so that not all is asked at once), never
 * while the call before is under way, until the returned function is called. `work` must not throw.
 */
export function repeat(everyMs: number, work: () => Promise<void>, random = Math.random): () => void {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const next = (ms: number): void => {
    timer = setTimeout(() => {
      void work().finally(() => {
        if (!stopped) next(everyMs * (0.9 + random() / 5))
      })
    }, ms)
    timer.unref()
  }
  next((random() * everyMs) / 30)
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
