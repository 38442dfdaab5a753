import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const css = readFileSync(new URL('tokens.css', import.meta.url), 'utf8')

/** A token's colour in one scheme, as red, green and blue from 0 to 255. */
function colour(name: string, scheme: 'light' | 'dark'): number[] {
  const value = new RegExp(`--${name}: ([^;]+);`).exec(css)?.[1] ?? ''
  const pair = /light-dark\((#\w{6}), (#\w{6})\)/.exec(value)
  const hex = (pair === null ? value : pair[scheme === 'light' ? 1 : 2]) ?? ''
  if (!/^#\w{6}$/.test(hex)) throw new Error(`--${name} is no colour: ${value}`)
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16))
}

/** WCAG 2.2, relative luminance. */
function luminance(rgb: number[]): number {
  const [r = 0, g = 0, b = 0] = rgb.map((channel) => {
    const part = channel / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(one: string, other: string, scheme: 'light' | 'dark'): number {
  const [a = 0, b = 0] = [one, other].map((name) => luminance(colour(name, scheme))).sort((x, y) => y - x)
  return (a + 0.05) / (b + 0.05)
}

const grounds = ['bg', 'surface', 'raised', 'sunken']
const texts: [string, string][] = [
  ...['ink', 'ink-2', 'ok', 'warn', 'crit', 'info'].flatMap((text) =>
    grounds.map((ground): [string, string] => [text, ground]),
  ),
  ['ink', 'crit-wash'],
  ['crit', 'crit-wash'],
  ['ink', 'warn-wash'],
  ['warn', 'warn-wash'],
  ['ink', 'info-wash'],
  ['on-fill', 'crit-fill'],
  ['on-fill', 'crit-fill-held'],
  ['on-fill', 'ok-fill'],
  ['on-fill', 'ok-fill-held'],
  ['ink-2', 'warn-wash'],
  ['crit', 'warn-wash'],
  ['ok', 'warn-wash'],
]

for (const scheme of ['dark', 'light'] as const) {
  test.each(texts)(`%s on %s can be read, ${scheme}`, (text, ground) => {
    expect(contrast(text, ground, scheme)).toBeGreaterThanOrEqual(4.5)
  })

  test.each(grounds)(`the edge of a control shows on %s, ${scheme}`, (ground) => {
    expect(contrast('edge', ground, scheme)).toBeGreaterThanOrEqual(3)
  })
}
