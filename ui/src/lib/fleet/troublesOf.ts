import type { Alert, Gpu, Host } from '#app/schema/fleet.ts'
import type { Shape } from '#ui/components/shape.ts'
import { age } from '#ui/text/duration.ts'
import { isAcknowledged } from './alertFolds.ts'
import { levelOf, share } from './figures.ts'
import { isPartial, livenessOf, type Liveness } from './liveness.ts'

/** Temperatures from which a GPU is drawn as warm and as too hot. */
export const warmC = 80
export const hotC = 90
/** From here on a CPU is drawn as busy, and memory, of a host and of a GPU, as full: as the server's rules begin. */
export const busyPercent = 90
export const fullPercent = 90
/** A disk is shown from here on. */
export const diskPercent = 85
export const overfullPercent = 95

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

/** What is wrong with a host, the worst first: what it tells itself, and its alerts. One that was acknowledged is a note. */
export function troublesOf(host: Host, now: number, alerts: Alert[]): Trouble[] {
  const live = livenessOf(host, now)
  const told = alerts
    .filter((alert) => alert.host === host.name && alert.type !== 'host_offline')
    .map((alert): Trouble =>
      isAcknowledged(alert, now)
        ? { level: 'note', word: `acknowledged: ${wordOf(alert)}` }
        : { level: alertLevel(alert), word: wordOf(alert) },
    )
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

function ofLiveness(host: Host, live: Liveness): Trouble[] {
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
      const since = isPartial(host, name)
        ? 'read in part'
        : age_s === null
          ? 'never read'
          : `last read ${age(age_s * 1000)} ago`
      return `${name}: ${since}${error === undefined ? '' : `. ${error}`}`
    })
  const fullest = Math.max(0, ...host.disks.map(({ used_percent }) => used_percent))
  const troubles: (Trouble | false)[] = [
    ...host.gpus.map(ofGpu),
    isFull(host.cpu_percent, busyPercent) && { level: 'warn', word: 'busy' },
    isFull(host.memory_percent, fullPercent) && { level: 'warn', word: 'memory full' },
    failed.length > 0 && { level: 'warn', word: 'degraded', says: failed.join(' · ') },
    fullest >= diskPercent && {
      level: fullest >= overfullPercent ? 'crit' : 'warn',
      word: fullest >= overfullPercent ? 'disk full' : 'disk filling',
    },
    host.tmux.some((one) => one.status === 'legacy' && (one.gpu_memory_mb ?? 0) > 0) && {
      level: 'warn',
      word: 'GPU held',
    },
    host.gpus.some((gpu) => isFull(share(gpu.memory_used_mb, gpu.memory_total_mb), fullPercent)) && {
      level: 'warn',
      word: 'GPU memory full',
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

/** A GPU that sleeps is not asked, so that it goes on sleeping: nothing is wrong with it. */
function ofGpu({ state, temperature_c }: Gpu): Trouble | false {
  if (state !== 'answers') return state !== 'asleep' && { level: 'crit', word: 'GPU lost' }
  const heat = levelOf(temperature_c, warmC, hotC)
  return heat !== 'calm' && { level: heat, word: heat === 'crit' ? 'too hot' : 'hot' }
}

function isFull(value: number | null, limit: number): boolean {
  return levelOf(value, limit) !== 'calm'
}

function alertLevel({ severity }: Alert): TroubleLevel {
  return severity === 'critical' ? 'crit' : severity === 'warning' ? 'warn' : 'note'
}

/** By the server's rules. */
export const alertWords: Record<string, string> = {
  host_degraded: 'degraded',
  host_cpu_high: 'busy',
  host_memory_high: 'memory full',
  disk_full: 'disk full',
  gpu_temp_warning: 'hot',
  gpu_temp_critical: 'too hot',
  gpu_memory_high: 'GPU memory full',
  gpu_lost: 'GPU lost',
  high_cpu: 'tmux session busy',
  high_memory: 'tmux session takes memory',
  legacy_session: 'legacy tmux session',
  legacy_gpu_memory: 'GPU held',
}

/** A rule of a later server is told by its name. */
function wordOf({ type }: Pick<Alert, 'type'>): string {
  return alertWords[type] ?? type.replaceAll('_', ' ')
}
