/** Red, green, blue and opacity, each 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number, alpha: number]

/** `over` laid on `under`. */
export function blend(over: Colour, under: Colour): Colour {
  const opacity = over[3] / 255
  const mix = (a: number, b: number): number => a * opacity + b * (1 - opacity)
  return [mix(over[0], under[0]), mix(over[1], under[1]), mix(over[2], under[2]), 255]
}

/** Contrast of two opaque colours, 1 to 21, as WCAG 2.2 defines it. */
export function contrast(a: Colour, b: Colour): number {
  const [lighter = 0, darker = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (lighter + 0.05) / (darker + 0.05)
}

function luminance([red, green, blue]: Colour): number {
  const [r = 0, g = 0, b = 0] = [red, green, blue].map((part) => {
    const share = part / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** A text on the screen: its colour, and what lies under it, the nearest first; the last is opaque. */
export interface Drawn {
  text: string
  colour: Colour
  under: Colour[]
}

export function contrastOf({ colour, under }: Drawn): number {
  const ground = under.reduceRight<Colour>((below, layer) => blend(layer, below), [255, 255, 255, 255])
  return contrast(blend(colour, ground), ground)
}
