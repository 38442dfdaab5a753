import type { Page } from '@playwright/test'
import { contrastOf, type Colour, type Drawn } from './contrast.ts'

/** What is written on the screen with a contrast below 4.5, as text and figure. */
export async function faintTexts(page: Page): Promise<string[]> {
  const drawn = await page.evaluate((): Drawn[] => {
    const canvas = document.createElement('canvas')
    const pen = canvas.getContext('2d', { willReadFrequently: true })
    /** Whatever way the colour is written in. */
    const read = (colour: string): Colour => {
      if (pen === null) throw new Error('no canvas')
      pen.clearRect(0, 0, 1, 1)
      pen.fillStyle = colour
      pen.fillRect(0, 0, 1, 1)
      const [r = 0, g = 0, b = 0, a = 0] = pen.getImageData(0, 0, 1, 1).data
      return [r, g, b, a]
    }
    const under = (element: Element): Colour[] => {
      const layers: Colour[] = []
      // A dialog lies on top of all, and its own ground is opaque.
      for (let at: Element | null = element; at !== null; at = at.parentElement)
        layers.push(read(getComputedStyle(at).backgroundColor))
      const opaque = layers.findIndex((layer) => layer[3] === 255)
      return opaque === -1 ? layers : layers.slice(0, opaque + 1)
    }
    const told: Drawn[] = []
    const tell = (element: Element, text: string, colour: string) =>
      told.push({ text: text.trim().slice(0, 60), colour: read(colour), under: under(element) })
    const dialog = document.querySelector('dialog[open]')
    const top = dialog ?? document.body
    for (const element of top.querySelectorAll('*')) {
      if (!element.checkVisibility({ visibilityProperty: true }) || element.closest('.sr-only') !== null)
        continue
      const own = [...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE)
      const text = own.map(({ textContent }) => textContent).join(' ')
      if (text.trim() !== '') tell(element, text, getComputedStyle(element).color)
      if (element instanceof HTMLTextAreaElement || element instanceof HTMLInputElement)
        tell(element, element.placeholder, getComputedStyle(element, '::placeholder').color)
    }
    return told
  })
  if (drawn.length < 5) throw new Error('there is hardly any text on this screen')
  return drawn
    .map((one) => ({ ...one, figure: contrastOf(one) }))
    .filter(({ figure }) => figure < 4.5)
    .map(({ text, figure }) => `${text}: ${figure.toFixed(2)}`)
}

/** What is meant to be hit and is smaller than 44 × 44, as name and size. */
export function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const dialog = document.querySelector('dialog[open]')
    const top = dialog ?? document.body
    const targets = [
      ...top.querySelectorAll('button, a[href], summary, input, textarea, select, [role=button]'),
    ]
    // A question has two answers at least, what came of it has one button.
    if (targets.length < (dialog === null ? 3 : 1))
      throw new Error('there is hardly anything to hit on this screen')
    return targets
      .filter((target) => target.checkVisibility({ visibilityProperty: true }))
      .map((target) => ({ target, box: target.getBoundingClientRect() }))
      .filter(({ box }) => box.width < 43.9 || box.height < 43.9)
      .map(({ target, box }) => {
        const name = target.getAttribute('aria-label') ?? target.textContent.trim()
        return `${name}: ${box.width.toFixed(0)} × ${box.height.toFixed(0)}`
      })
  })
}

/** Fields in which iOS would zoom in. */
export function smallFields(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('input, textarea, select')]
      .filter((field) => Number.parseFloat(getComputedStyle(field).fontSize) < 16)
      .map((field) => field.outerHTML.slice(0, 80)),
  )
}

/** How far the page, or a part that is not meant to, can be pushed sideways, in px. */
export function sideways(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll('body *')]
      .filter((part) => part.checkVisibility() && part.scrollWidth > part.clientWidth + 1)
      .filter((part) => {
        const { overflowX, display } = getComputedStyle(part)
        const isPage = part === document.documentElement || part === document.body
        // Chips and printed output are meant to be pushed; what is cut off is not.
        return (
          isPage ||
          (overflowX === 'visible' &&
            display !== 'inline' &&
            part.getBoundingClientRect().right > innerWidth + 1)
        )
      })
      .map((part) => `${part.tagName} .${part.className}: ${part.scrollWidth} in ${part.clientWidth}`),
  )
}
