export interface SilenceWatch {
  /** Aborts with the outer signal, after a silence, and on `stop`. */
  signal: AbortSignal
  /** The global `fetch`, listened to: every byte of an answer counts as life, pings too. */
  fetch: typeof fetch
  /** Whether the far side was silent for too long. */
  fired(): boolean
  /** While the reader is busy elsewhere nobody listens, and silence means nothing. */
  pause(): void
  resume(): void
  /** Ends the request if it still runs. */
  stop(): void
}

/** Ends a request whose far side says nothing for `limitMs`, counted from here and after each byte. */
export function watchSilence(limitMs: number, outer: AbortSignal): SilenceWatch {
  const controller = new AbortController()
  const abort = (): void => {
    controller.abort()
  }
  let fired = false
  let isPaused = false
  const onSilence = (): void => {
    if (isPaused) return
    fired = true
    abort()
  }
  const timer = setTimeout(onSilence, limitMs)
  const heard = (): void => {
    if (!controller.signal.aborted) timer.refresh()
  }
  outer.addEventListener('abort', abort, { once: true })
  if (outer.aborted) abort()
  return {
    signal: controller.signal,
    async fetch(input, init) {
      const response = await fetch(input, init)
      heard()
      const body = response.body?.pipeThrough(
        new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
          transform(chunk, out) {
            heard()
            out.enqueue(chunk)
          },
        }),
      )
      return new Response(body ?? null, response)
    },
    fired: () => fired,
    pause() {
      isPaused = true
    },
    resume() {
      isPaused = false
      heard()
    },
    stop() {
      clearTimeout(timer)
      outer.removeEventListener('abort', abort)
      abort()
    },
  }
}
