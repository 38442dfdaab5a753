import type { SessionEventOf } from '#app/schema/events.ts'
import type { Block, Finding } from './transcript.ts'

const order: Record<Finding['level'], number> = { crit: 0, warn: 1, unknown: 2, ok: 3 }

/** All findings of a turn stand in one card, worst first; what could not be checked before what is well. */
export function addFinding(blocks: Block[], event: SessionEventOf<'finding'>): Block[] {
  const finding = toFinding(event)
  const at = blocks.findIndex((block) => block.type === 'findings')
  const card = blocks[at]
  if (card?.type !== 'findings') return [...blocks, { type: 'findings', key: event.id, findings: [finding] }]
  const findings = [...card.findings, finding].sort(
    (a, b) => order[a.level] - order[b.level] || a.key - b.key,
  )
  return blocks.with(at, { ...card, findings })
}

function toFinding(event: SessionEventOf<'finding'>): Finding {
  const unchecked = event.value === undefined && event.text.startsWith('Could not check')
  return {
    key: event.id,
    level: unchecked ? 'unknown' : event.level,
    probe: event.probe,
    text: event.text,
    value: withUnit(event.value, event.unit),
  }
}

function withUnit(value: number | string | undefined, unit: string | undefined): string | null {
  if (value === undefined) return null
  return unit === undefined || unit === '' ? String(value) : `${value} ${unit}`
}
