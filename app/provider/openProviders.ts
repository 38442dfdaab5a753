import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { ModelEntry } from '#app/config/readProviders.ts'
import type { Logger } from '#app/logger.ts'
import type { ProviderSummary } from '#app/schema/api.ts'
import { CoolDown } from './coolDown.ts'
import { failOver, type Candidate, type FailoverDeps } from './failover.ts'
import type { ModelSettings } from './ModelSettings.ts'
import type { Provider } from './Provider.ts'
import type { PooledProvider, ProviderPool } from './ProviderPool.ts'
import { toModelSettings } from './toModelSettings.ts'

export interface OpenProvidersOptions {
  /** In failover order; names differ. */
  settings: readonly ModelEntry[]
  create: (settings: ModelSettings) => Provider
  runbook: Provider
  logger: Logger
  now?: () => Date
  /** See `FailoverDeps`. */
  wait?: FailoverDeps['wait']
}

interface Entry extends Candidate {
  settings: ModelSettings
}

const byTimer: FailoverDeps['wait'] = (ms, signal) => sleep(ms, undefined, { signal })

/** Opens every provider and tells, a line for each, how it stands. One that cannot be opened is left out. */
export function openProviders(options: OpenProvidersOptions): ProviderPool {
  const { create, logger, now = () => new Date(), wait = byTimer } = options
  let entries: Entry[] = []
  let { runbook } = options

  const open = (settings: ModelSettings): Entry[] => {
    const known = entries.find((entry) => isDeepStrictEqual(entry.settings, settings))
    if (known !== undefined) return [known]
    const { name, kind, model, apiKey } = settings
    try {
      const entry = { settings, provider: create(settings), coolDown: new CoolDown() }
      logger.info({ provider: name, kind, model, has_key: apiKey !== undefined }, 'provider is ready')
      return [entry]
    } catch (err) {
      logger.error({ err, provider: name, kind, model }, 'provider is not ready: it cannot be opened')
      return []
    }
  }
  const configure: ProviderPool['configure'] = (settings, nextRunbook) => {
    entries = settings.map(toModelSettings).flatMap(open)
    runbook = nextRunbook
    if (entries.length === 0) logger.info('no model is ready: the runbook answers')
  }
  configure(options.settings, runbook)
  logger.info({ provider: runbook.name }, 'provider is ready')

  /** The chosen one first; none for 'runbook'. */
  const orderFor = (choice: string): Entry[] => {
    if (choice === 'runbook') return []
    const chosen =
      entries.find(({ settings }) => settings.name === choice) ??
      entries.find(({ settings }) => settings.model === choice)
    return chosen === undefined ? entries : [chosen, ...entries.filter((one) => one !== chosen)]
  }
  const deps = { logger, now, wait }
  return {
    states: () => [
      ...entries.map((entry) => summarise(entry, now().getTime())),
      { name: runbook.name, kind: 'runbook', model: runbook.model, state: 'ready' },
    ],
    choices: () => [
      ...new Set([
        ...entries.map(({ settings }) => settings.name),
        ...entries.map(({ settings }) => settings.model),
        'runbook',
      ]),
    ],
    defaultChoice: () => entries[0]?.settings.model ?? 'runbook',
    providerOf(choice): PooledProvider {
      const first = () => orderFor(choice)[0]?.provider ?? runbook
      const step = (behind: () => Provider | undefined): Provider['step'] => {
        return (request) => failOver(orderFor(choice), behind(), request, deps)
      }
      return {
        get name() {
          return first().name
        },
        get model() {
          return first().model
        },
        get contextTokens() {
          const next = orderFor(choice).find(({ coolDown }) => coolDown.at(now().getTime()).state === 'ready')
          return next?.settings.contextTokens ?? Infinity
        },
        get modelsOnly() {
          return { name: this.name, model: this.model, step: step(() => undefined) }
        },
        step: step(() => runbook),
      }
    },
    configure,
  }
}

function summarise({ settings, coolDown }: Entry, now: number): ProviderSummary {
  const { name, kind, model } = settings
  const standing = coolDown.at(now)
  const { state, lastError } = standing
  return {
    ...{ name, kind, model, state },
    ...(standing.state !== 'ready' && { until: new Date(standing.until).toISOString() }),
    ...(lastError !== undefined && { last_error: lastError }),
  }
}
