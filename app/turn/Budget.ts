import type { EventLog } from '#app/eventlog/EventLog.ts'
import type { Logger } from '#app/logger.ts'
import type { BudgetConfig } from '#app/schema/config.ts'
import type { UsageTotals } from '#app/session/evolve.ts'
import { DaySpend, tokensOf, type Spend } from './DaySpend.ts'
import type { Usage } from './runStep.ts'

/** `text` is for the operator. A warning's stays the same from step to step, until there is more to say. */
export type Budgeted = { state: 'ok' } | { state: 'warn' | 'spent'; text: string }

export interface Budget {
  /** Before a step: what the limits say of the session's own usage, and of the day's. Never rejects. */
  check(session: UsageTotals): Promise<Budgeted>
  /** After a step. Counts at once, and is stored when the log answers. Never rejects. */
  add(usage: Usage): Promise<void>
}

export interface BudgetOptions {
  log: EventLog
  limits: () => BudgetConfig | undefined
  logger: Logger
  now: () => Date
}

/** A step waits no longer for the log than this; then what is known here must do. */
const patienceMs = 500
/** How long the log is let alone after it did not answer. */
const pauseMs = 5000
const keptDays = 40
const dayMs = 86_400_000
const warnStep = 5

/** Counts what models cost, and says when it is enough. Steps that run side by side may go over a limit by one each. */
export function createBudget({ log, limits, logger, now }: BudgetOptions): Budget {
  const days = new Map<string, DaySpend>()
  const unpriced = new Set<string>()
  let syncing: Promise<void> | null = null
  let pausedUntil = 0
  let cleanedOn = ''

  const today = (): DaySpend => {
    const day = dayOf(now())
    const spend = days.get(day) ?? new DaySpend(log, day)
    days.set(day, spend)
    for (const [other, old] of days) if (other !== day && old.isStored) days.delete(other)
    return spend
  }

  const syncAll = async (): Promise<void> => {
    if (now().getTime() < pausedUntil) return
    try {
      for (const spend of [...days.values()]) await spend.sync()
      await removeOld()
      pausedUntil = 0
    } catch (err) {
      if (pausedUntil === 0)
        logger.warn({ err }, 'what models cost is counted in memory until the log answers')
      pausedUntil = now().getTime() + pauseMs
    }
  }

  /** Waits for the log, but not long. */
  const sync = async (): Promise<void> => {
    syncing ??= syncAll().finally(() => (syncing = null))
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const timer = setTimeout(() => resolve(undefined), patienceMs)
    await Promise.race([syncing, promise])
    clearTimeout(timer)
  }

  async function removeOld(): Promise<void> {
    const day = dayOf(now())
    if (cleanedOn === day) return
    const oldest = `spend:${dayOf(new Date(now().getTime() - keptDays * dayMs))}`
    for (const { stream } of await log.streams('spend:', 1000)) if (stream < oldest) await log.remove(stream)
    cleanedOn = day
  }

  const tellUnpriced = (): string[] =>
    [...unpriced].map(
      (name) => `What ${name} costs is not known (no price): the limits of cost do not count it.`,
    )

  return {
    async check(session) {
      const limit = limits()
      if (limit === undefined) return { state: 'ok' }
      const hasDayLimit = limit.day_cost !== undefined || limit.day_tokens !== undefined
      const day = today()
      if (hasDayLimit) await sync()
      const found = [
        ...judge('session', { tokens: tokensOf(session), cost: session.cost ?? 0 }, limit),
        ...judge('day', day.total(), limit),
      ]
      const spent = found.filter(({ state }) => state === 'spent')
      if (spent.length > 0)
        return { state: 'spent', text: `${spent.map(({ text }) => text).join(' ')} The runbook goes on.` }
      const hasCostLimit = limit.session_cost !== undefined || limit.day_cost !== undefined
      const texts = [...found.map(({ text }) => text), ...(hasCostLimit ? tellUnpriced() : [])]
      return texts.length === 0 ? { state: 'ok' } : { state: 'warn', text: texts.join(' ') }
    },
    async add(usage) {
      if (usage.cost === undefined) unpriced.add(usage.model)
      // Whatever the limits are: one that is set at noon counts the morning.
      const day = today()
      day.add(usage)
      await sync()
      // It came while an earlier round was at its end.
      if (!day.isStored) await sync()
    },
  }
}

interface Found {
  state: 'warn' | 'spent'
  text: string
}

function judge(scope: 'session' | 'day', used: Spend, limits: BudgetConfig): Found[] {
  const whose = scope === 'session' ? 'this session' : 'today'
  return (['cost', 'tokens'] as const).flatMap((unit): Found[] => {
    const name = `${scope}_${unit}` as const
    const limit = limits[name]
    if (limit === undefined) return []
    const percent = (used[unit] / limit) * 100
    const whole = `${show(limit)}${unit === 'tokens' ? ' tokens' : ''} (budget.${name})`
    if (percent >= 100) {
      const text = `The budget of ${whose} is spent: ${show(used[unit])} of ${whole}.`
      return [{ state: 'spent', text }]
    }
    if (percent < limits.warn_percent) return []
    // In steps, and without the figure of the moment: each sentence that differs is one more notice.
    const reached = Math.max(limits.warn_percent, Math.floor(percent / warnStep) * warnStep)
    return [{ state: 'warn', text: `At least ${reached} % of the budget of ${whose} is spent, of ${whole}.` }]
  })
}

const dayOf = (date: Date): string => date.toISOString().slice(0, 10)
const show = (amount: number): string => amount.toLocaleString('en', { maximumFractionDigits: 4 })
