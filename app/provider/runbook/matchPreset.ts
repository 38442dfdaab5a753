import type { Preset } from '#app/schema/preset.ts'

/** One word of a label or one keyword is enough; words that happen to stand in a description are not. */
const enough = 3
const weights = { keyword: 3, label: 3, description: 1 }

/** The preset that fits a free prompt best, or null where none fits well. The earlier one wins a draw. */
export function matchPreset(prompt: string, presets: Preset[]): Preset | null {
  const said = wordsOf(prompt)
  const text = ` ${said.join(' ')} `
  let best: { preset: Preset; score: number } | null = null
  for (const preset of presets) {
    const score =
      preset.keywords.filter((keyword) => isSaid(wordsOf(keyword), said, text)).length * weights.keyword +
      wordsOf(preset.label).filter((word) => isSaid([word], said, text)).length * weights.label +
      wordsOf(preset.description).filter((word) => said.includes(word)).length * weights.description
    if (score >= enough && score > (best?.score ?? 0)) best = { preset, score }
  }
  return best?.preset ?? null
}

/** Words of two letters say nothing, but for the few that machines are spoken of with. */
function wordsOf(text: string): string[] {
  const plain = text.slice(0, 2000).normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  return (plain.match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => word.length > 2 || /^(vm|io|up)$/.test(word))
}

/** A phrase must stand as it is; a single word of four letters or more also with another ending (`disk`, `disks`). */
function isSaid(phrase: string[], said: string[], text: string): boolean {
  const [word, ...more] = phrase
  if (word === undefined) return false
  if (more.length > 0) return text.includes(` ${phrase.join(' ')} `)
  return said.some(
    (one) => one === word || (word.length >= 4 && one.startsWith(word) && one.length - word.length <= 3),
  )
}
