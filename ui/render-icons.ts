import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright'

/** Renders `static/icon.svg` into the PNG icons that are committed beside it. Run it when the mark changes. */
const folder = fileURLToPath(new URL('static/', import.meta.url))
const mark = readFileSync(`${folder}icon.svg`, 'utf8')
/** Without rounded corners: iOS rounds by itself, and a mask may be any shape. */
const square = mark.replace('rx="112"', '')
/** Within the safe zone of a mask, the inner 80 %. */
const maskable = square
  .replace('/>', '/><g transform="translate(31 31) scale(.88)">')
  .replace('</svg>', '</g></svg>')

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
for (const [name, size, svg] of [
  ['icon-192', 192, mark],
  ['icon-512', 512, mark],
  ['icon-maskable-512', 512, maskable],
  ['apple-touch-icon', 180, square],
] as const) {
  const page = await browser.newPage({ viewport: { width: size, height: size } })
  await page.setContent(`<style>*{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`)
  await page.screenshot({ path: `${folder}${name}.png`, omitBackground: true })
  await page.close()
}
await browser.close()
