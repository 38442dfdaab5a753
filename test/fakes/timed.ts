/** How many seconds something took, and what came of it. */
export async function timed<T>(run: () => Promise<T>): Promise<{ seconds: number; value: T }> {
  const began = performance.now()
  const value = await run()
  return { seconds: (performance.now() - began) / 1000, value }
}
