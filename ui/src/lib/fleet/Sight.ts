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
  readonly #scroller: string
  #observers: IntersectionObserver[] | null = null

  /** What they scroll in, as a selector: a distance counts from its edges, and not from those of the page. */
  constructor(scroller: string) {
    this.#scroller = scroller
  }

  /** Until the returned function is called. */
  observe(element: Element, tell: (change: SightChange) => void): () => void {
    this.#listeners.set(element, tell)
    const root = element.closest(this.#scroller)
    const observers = (this.#observers ??= [
      this.#observer(root, '0px', 'seen'),
      this.#observer(root, `${nearPx}px 0px`, 'near'),
    ])
    for (const observer of observers) observer.observe(element)
    return () => {
      this.#listeners.delete(element)
      for (const observer of observers) observer.unobserve(element)
      tell({ seen: false })
    }
  }

  #observer(root: Element | null, rootMargin: string, of: keyof SightChange): IntersectionObserver {
    const tell = (entries: IntersectionObserverEntry[]): void => {
      for (const { target, isIntersecting } of entries)
        this.#listeners.get(target)?.({ [of]: isIntersecting })
    }
    return new IntersectionObserver(tell, { root, rootMargin })
  }
}
