import { untrack } from 'svelte'
import { goto } from '$app/navigation'
import { page } from '$app/state'
import { readView, writeView, type View } from './filterHosts.ts'

/** The address follows when the typing rests. */
const restMs = 400

/** What of the fleet is shown. It stands in the address, and a link to another view of this screen changes it. */
export class AddressedView {
  #view = $state.raw(readView(page.url.searchParams))
  #written = page.url.search
  #writing: ReturnType<typeof setTimeout> | undefined

  /** While a component is made: it ends with that. */
  constructor() {
    $effect(() => () => clearTimeout(this.#writing))
    $effect(() => {
      const { search, searchParams } = page.url
      untrack(() => {
        if (search === this.#written) return
        this.#written = search
        this.#view = readView(searchParams)
      })
    })
  }

  get now(): View {
    return this.#view
  }

  change(by: Partial<View>): void {
    this.#view = { ...this.#view, ...by }
    clearTimeout(this.#writing)
    this.#writing = setTimeout(
      () => {
        this.#written = writeView(this.#view)
        void goto(`/fleet${this.#written}`, { replace: true, shallow: true })
      },
      by.text === undefined ? 0 : restMs,
    )
  }

  /** Shows all of the tab. */
  clear(): void {
    this.change({ text: '', groups: [], tags: [], trouble: false })
  }
}
