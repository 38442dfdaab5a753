import type { SectionName, SectionText } from './readProbe.ts'
import { nvidiaTrouble } from './nvidiaText.ts'
import { plainText } from './plainText.ts'

/** Why a section was not read, in a sentence; null when it was. */
export function sectionTrouble(name: SectionName, { code, ms, lines }: SectionText): string | null {
  if (code === 0) return null
  if (code === null) return 'The answer was cut off within it.'
  if (code === 125) {
    const seconds = lines.find((line) => line.startsWith('hung '))?.slice(5)
    return `An earlier one still hangs there${seconds ? `, for ${plainText(seconds, 12)} s by now` : ''}; it was not asked again.`
  }
  if (code === 124)
    return `It had no answer in its time${ms === null ? '' : ` (${Math.max(1, Math.round(ms / 1000))} s)`}.`
  // One server's error (it has a tab) is not why the section ended so.
  const said = lines
    .filter((line) => line.startsWith('error ') && !(name === 'tmux' && line.includes('\t')))
    .map((line) => line.slice(6))
  if (name === 'gpu' || name === 'gpu_procs' || name === 'mig') {
    const known = nvidiaTrouble(code, (said.length > 0 ? said : lines).join('\n'))
    if (known !== null) return known
  }
  const words = said.map((line) => plainText(line, 160)).find((line) => line !== '')
  return words === undefined ? `It ended with code ${code}.` : `It ended with code ${code}: ${words}`
}
