/** What `work` comes to, or what `given` says once `signal` is aborted; the work itself is not stopped. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, given: () => T): Promise<T> {
  const { promise: gone, resolve } = Promise.withResolvers<T>()
  const onAbort = () => resolve(given())
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([gone, work])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
