import type { Alert, Gpu, Host } from '#app/schema/fleet.ts'
import type { Shape } from '#ui/components/shape.ts'
import { age } from '#ui/text/duration.ts'
import { livenessOf } from './liveness.ts'

/** Temperatures from which a GPU is drawn as warm and as too hot. */
export const warmC = 80
export const hotC = 90
/** A disk is shown from here on. */
export const fullPercent = 85
const overfullPercent = 95

/** `gone`: it cannot be seen. `note`: worth a word, and nothing is wrong. */
export type TroubleLevel = 'crit' | 'gone' | 'warn' | 'note'
export interface Trouble {
  level: TroubleLevel
  /** Beside the host's name. */
  word: string
  /** What the card does not show elsewhere, in a sentence. */
  says?: string
}

const order: TroubleLevel[] = ['crit', 'gone', 'warn', 'note']
const shapes: Record<TroubleLevel, Shape> = { crit: 'crit', gone: 'unknown', warn: 'warn', note: 'off' }

/** What is wrong with a host, the worst first: what it tells itself, and the alerts that nobody has acknowledged. */
export function troublesOf(host: Host, now: number, alerts: Alert[]): Trouble[] {
  const live = livenessOf(host, now)
  const told = alerts
    .filter((alert) => alert.host === host.name && !alert.acknowledged && alert.type !== 'host_offline')
    .map((alert): Trouble => ({ level: alertLevel(alert), word: wordOf(alert) }))
  const found = live === 'never' || live === 'offline' ? [] : ofReading(host, now)
  return [...ofLiveness(host, live), ...found, ...told].sort(
    (a, b) => order.indexOf(a.level) - order.indexOf(b.level),
  )
}

/** The state of a host as shape and word. */
export function describeHost(troubles: Trouble[]): { shape: Shape; word: string } {
  const [worst] = troubles
  return worst === undefined
    ? { shape: 'ok', word: 'healthy' }
    : { shape: shapes[worst.level], word: worst.word }
}

function ofLiveness(host: Host, live: ReturnType<typeof livenessOf>): Trouble[] {
  const says = host.detail === undefined ? {} : { says: host.detail }
  if (live === 'never') return [{ level: 'gone', word: 'never seen', ...says }]
  if (live === 'offline') return [{ level: 'gone', word: 'offline', ...says }]
  if (live === 'stale')
    return [
      { level: 'gone', word: 'not polled', says: 'It should have been polled since. What you see is old.' },
    ]
  return []
}

function ofReading(host: Host, now: number): Trouble[] {
  const failed = Object.entries(host.sections)
    .filter(([, section]) => !section.ok)
    .map(([name, { age_s, error }]) => {
      const since = age_s === null ? 'never read' : `last read ${age(age_s * 1000)} ago`
      return `${name}: ${since}${error === undefined ? '' : `. ${error}`}`
    })
  const fullest = Math.max(0, ...host.disks.map(({ used_percent }) => used_percent))
  const troubles: (Trouble | false)[] = [
    ...host.gpus.map(ofGpu),
    failed.length > 0 && { level: 'warn', word: 'degraded', says: failed.join(' · ') },
    fullest >= fullPercent && {
      level: fullest >= overfullPercent ? 'crit' : 'warn',
      word: fullest >= overfullPercent ? 'disk full' : 'disk filling',
    },
    host.tmux.some((one) => one.status === 'legacy' && (one.gpu_memory_mb ?? 0) > 0) && {
      level: 'warn',
      word: 'GPU held',
    },
    host.clock_offset_s !== undefined && {
      level: 'warn',
      word: 'clock off',
      says: `Its clock is ${age(Math.abs(host.clock_offset_s) * 1000)} ${host.clock_offset_s > 0 ? 'ahead of' : 'behind'} ours.`,
    },
    host.rebooted_at !== undefined && {
      level: 'note',
      word: 'rebooted',
      says: `It was started again ${age(now - Date.parse(host.rebooted_at))} ago.`,
    },
  ]
  return troubles.filter((one) => one !== false)
}

function ofGpu(gpu: Gpu): Trouble | false {
  const { temperature_c: heat, unreadable } = gpu
  if (unreadable !== undefined) return !sleeps(gpu) && { level: 'crit', word: 'GPU lost' }
  if (heat === null || heat < warmC) return false
  return { level: heat >= hotC ? 'crit' : 'warn', word: heat >= hotC ? 'too hot' : 'hot' }
}

/** A GPU that sleeps is not asked, so that it goes on sleeping: nothing is wrong with it. */
export function sleeps(gpu: Gpu): boolean {
  return /sleep|suspend/i.test(gpu.unreadable ?? '')
}

export function alertLevel({ severity }: Alert): TroubleLevel {
  return severity === 'critical' ? 'crit' : severity === 'warning' ? 'warn' : 'note'
}

const words: Record<string, string> = {
  gpu_temp_warning: 'hot',
  gpu_temp_critical: 'too hot',
  gpu_memory_high: 'GPU memory',
  high_cpu: 'busy',
  high_memory: 'memory',
  legacy_session: 'legacy tmux',
}

function wordOf({ type }: Alert): string {
  return words[type] ?? type.replaceAll('_', ' ')
}
