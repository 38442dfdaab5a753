/** The time, once a second while the page is seen, for ages and running clocks. */
export class Clock {
  #now = $state(Date.now())

  get now(): number {
    return this.#now
  }

  /** Ticks until the returned function is called. */
  start(): () => void {
    const tick = (): void => {
      if (document.visibilityState === 'visible') this.#now = Date.now()
    }
    const timer = setInterval(tick, 1_000)
    document.addEventListener('visibilitychange', tick)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', tick)
    }
  }
}
