import { DrawQueue, type Drawable } from './DrawQueue.ts'

/** What an element is told of, and drawn by while it is near. */
export interface SightListener extends Drawable {
  /** It is on the screen, or not any more. */
  see: (inSight: boolean) => void
  /** It went far away, and was this high, in px. */
  measure: (heightPx: number) => void
}

/** Cards this far away are drawn already. */
const nearPx = 500

/** Tells many elements whether they are in sight, with one observer for each of the two distances. */
export class Sight {
  readonly #listeners = new Map<Element, SightListener>()
  readonly #queue = new DrawQueue<Element>()
  readonly #scroller: string
  #observers: Record<'seen' | 'near', IntersectionObserver> | null = null

  /** What they scroll in, as a selector: a distance counts from its edges, and not from those of the page. */
  constructor(scroller: string) {
    this.#scroller = scroller
  }

  /** Until the returned function is called. */
  observe(element: Element, listener: SightListener): () => void {
    this.#listeners.set(element, listener)
    const { seen, near } = (this.#observers ??= this.#observe(element.closest(this.#scroller)))
    near.observe(element)
    return () => {
      this.#listeners.delete(element)
      seen.unobserve(element)
      near.unobserve(element)
      this.#queue.forget(element)
      listener.see(false)
    }
  }

  #observe(root: Element | null): Record<'seen' | 'near', IntersectionObserver> {
    const seen = this.#observer(root, '0px', ({ target, isIntersecting }, { see }) => {
      this.#queue.seen(target, isIntersecting)
      see(isIntersecting)
    })
    const near = this.#observer(root, `${nearPx}px 0px`, (entry, told) => {
      const { target, isIntersecting, boundingClientRect } = entry
      if (isIntersecting) {
        // Only what is near can come into sight: each that is observed costs each frame a little.
        seen.observe(target)
        return this.#queue.near(target, told)
      }
      // What the observer has measured anyway: asking for it would lay out the page once more.
      told.measure(boundingClientRect.height)
      seen.unobserve(target)
      this.#queue.seen(target, false)
      this.#queue.away(target)
      told.see(false)
    })
    return { seen, near }
  }

  #observer(
    root: Element | null,
    rootMargin: string,
    tell: (entry: IntersectionObserverEntry, listener: SightListener) => void,
  ): IntersectionObserver {
    return new IntersectionObserver(
      (entries) => {
        for (const entry of entries) {
          const listener = this.#listeners.get(entry.target)
          if (listener !== undefined) tell(entry, listener)
        }
      },
      { root, rootMargin },
    )
  }
}
