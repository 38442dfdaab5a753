/** What `work` comes to, or `instead` as soon as the one who waits goes away; the work is left to the others. */
export async function unlessGone<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  instead: T,
): Promise<T> {
  if (!signal) return await work
  const { promise: gone, resolve } = Promise.withResolvers<T>()
  const onAbort = () => resolve(instead)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, gone])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
