import { linesOf } from './linesOf.ts'

export interface Unit {
  name: string
  active: string
  sub: string
  /** From `systemctl show`: `exit-code`, `signal`, `oom-kill`, `timeout`, …; null when it was not asked or did not tell. */
  result: string | null
  exitStatus: number | null
  restarts: number | null
}

export interface UnitReading {
  /** What `systemctl is-system-running` says; null without systemd. */
  system: string | null
  units: Unit[]
  /** Services that OpenRC calls crashed or failed; null where OpenRC was not found. */
  crashed: string[] | null
}

const systemStates = /^(initializing|starting|running|degraded|maintenance|stopping)$/
const unitName = /^\S+\.(service|socket|mount|automount|timer|target|swap|path|scope|slice|device)$/

/**
 * Reads `rc-status --all` (OpenRC), `systemctl is-system-running`, unit lists (with or without the dot and
 * the legend) and blocks of `systemctl show -p Id -p Result …`.
 */
export function parseUnits(text: string): UnitReading {
  const lines = linesOf(text)
  const units = new Map<string, Unit>()
  const crashed: string[] = []
  for (const line of lines) {
    const [name = '', , active = '', sub = ''] = line
      .replace(/^[^\w@/-]+/, '')
      .trim()
      .split(/\s+/)
    if (unitName.test(name) && /^(failed|activating|active|inactive|deactivating|reloading)$/.test(active))
      units.set(name, { name, active, sub, result: null, exitStatus: null, restarts: null })
    const service = /^\s(\S+)\s+\[\s*(?:crashed|failed)\b[^\]]*\]\s*$/.exec(line)?.[1]
    if (service !== undefined) crashed.push(service)
  }
  for (const block of text.split(/\n\s*\n/)) {
    const field = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(block)?.[1]
    const unit = units.get(field('Id') ?? '')
    if (unit === undefined) continue
    unit.result = field('Result') ?? null
    unit.exitStatus = wholeNumber(field('ExecMainStatus'))
    unit.restarts = wholeNumber(field('NRestarts'))
  }
  return {
    system: lines.find((line) => systemStates.test(line)) ?? null,
    units: [...units.values()],
    crashed: crashed.length > 0 || /^(?:Dynamic )?Runlevel: \S+/m.test(text) ? crashed : null,
  }
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null
}
