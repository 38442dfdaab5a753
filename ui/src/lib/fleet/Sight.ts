/** What is told of an element: whether it is on the screen, and whether it is or soon will be. */
export interface SightChange {
  seen?: boolean
  near?: boolean
}

/** Cards this far away are drawn already. */
const nearPx = 900

/** Tells of many elements whether they are in sight, with one observer for each of the two distances. */
export class Sight {
  readonly #listeners = new Map<Element, (change: SightChange) => void>()
  readonly #seen = this.#observer('0px', 'seen')
  readonly #near = this.#observer(`${nearPx}px 0px`, 'near')

  /** Until the returned function is called. */
  observe(element: Element, tell: (change: SightChange) => void): () => void {
    this.#listeners.set(element, tell)
    this.#seen.observe(element)
    this.#near.observe(element)
    return () => {
      this.#listeners.delete(element)
      this.#seen.unobserve(element)
      this.#near.unobserve(element)
      tell({ seen: false })
    }
  }

  #observer(rootMargin: string, of: keyof SightChange): IntersectionObserver {
    const tell = (entries: IntersectionObserverEntry[]): void => {
      for (const { target, isIntersecting } of entries)
        this.#listeners.get(target)?.({ [of]: isIntersecting })
    }
    return new IntersectionObserver(tell, { rootMargin })
  }
}
