import type { Finding } from './transcript.ts'

const words: Record<Finding['level'], { one: string; many: string }> = {
  crit: { one: 'critical', many: 'critical' },
  warn: { one: 'warning', many: 'warnings' },
  unknown: { one: 'not checked', many: 'not checked' },
  ok: { one: 'ok', many: 'ok' },
}

/** The word that is read for one finding's level. */
export function levelWord(level: Finding['level']): string {
  return words[level].one
}

/** How many there are of each level, worst first, levels without any left out. */
export function summariseFindings(findings: Finding[]): { level: Finding['level']; text: string }[] {
  const levels = ['crit', 'warn', 'unknown', 'ok'] as const
  return levels.flatMap((level) => {
    const count = findings.filter((finding) => finding.level === level).length
    return count === 0 ? [] : [{ level, text: `${count} ${words[level][count === 1 ? 'one' : 'many']}` }]
  })
}
