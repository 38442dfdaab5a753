import { recall, remember } from './storage.ts'

export const themes = ['system', 'dark', 'light'] as const
export type ThemeName = (typeof themes)[number]

const barColour = { dark: '#0d1117', light: '#f3f5f8' }

/** The chosen scheme. `system` leaves it to the browser; the stylesheet follows `color-scheme` alone. */
export class Theme {
  #name = $state<ThemeName>(themes.find((name) => name === recall('theme')) ?? 'system')

  constructor() {
    this.#apply()
  }

  get name(): ThemeName {
    return this.#name
  }

  choose(name: ThemeName): void {
    this.#name = name
    remember('theme', name === 'system' ? null : name)
    this.#apply()
  }

  #apply(): void {
    if (this.#name === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = this.#name
    for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
      const own = meta.media.includes('light') ? 'light' : 'dark'
      meta.content = barColour[this.#name === 'system' ? own : this.#name]
    }
  }
}
