import type { Finding } from './transcript.ts'

const most = 8

/**
 * What a card of findings shows before it is unfolded. All trouble, and all that could not be checked; of a long
 * list of what is well the first of each probe, so that every area stands there with one line.
 */
export function foldFindings(findings: Finding[]): { shown: Finding[]; folded: number } {
  const well = findings.filter(({ level }) => level === 'ok')
  if (well.length <= most) return { shown: findings, folded: 0 }
  const told = new Set<string>()
  const shown = findings.filter(({ level, probe }) => {
    if (level !== 'ok') return true
    if (told.has(probe)) return false
    told.add(probe)
    return true
  })
  return { shown, folded: findings.length - shown.length }
}
