import pino from 'pino'
import type { ModelEntry } from '#app/config/readProviders.ts'
import { openProviders } from '#app/provider/openProviders.ts'
import type { FailureKind, Part, Provider, StepRequest } from '#app/provider/Provider.ts'
import type { PooledProvider, ProviderPool } from '#app/provider/ProviderPool.ts'

/** What a scripted provider does when it is asked: these parts, or what the function yields. */
export type Script = Part[] | ((request: StepRequest) => AsyncIterable<Part>)

export interface ScriptedPool {
  pool: ProviderPool
  /** Models in the order in which they were asked. */
  asked: string[]
  /** Every wait, in milliseconds. */
  waits: number[]
  lines: Record<string, unknown>[]
  clock: { now: number }
  /** Takes one more answer of this provider. */
  script(name: string, ...scripts: Script[]): void
  step(provider: Provider, more?: Partial<StepRequest>): Promise<Part[]>
}

export const settingsOf = (name: string, more: Partial<ModelEntry> = {}): ModelEntry => ({
  name,
  kind: 'openai',
  model: `${name}-1`,
  contextTokens: 100_000,
  maxOutputTokens: 1000,
  ...more,
})

export const say = (text: string): Part => ({ type: 'text', text })
export const call = (id: string): Part => ({
  type: 'tool',
  name: 'shell',
  input: { command: 'uptime' },
  call: id,
})
export const end: Part = { type: 'end', reason: 'stop' }
export const tools: Part = { type: 'end', reason: 'tools' }
export const fail = (kind: FailureKind, retryAfterMs?: number): Part => ({
  ...{ type: 'failure', kind, message: `It failed: ${kind}.` },
  ...(retryAfterMs !== undefined && { retryAfterMs }),
})

/** A pool of providers that answer by script, on a clock that only waits move. Unscripted ones say their name. */
export function scriptedPool(settings: ModelEntry[], onWait: () => void = () => undefined): ScriptedPool {
  const scripts = new Map<string, Script[]>()
  const asked: string[] = []
  const waits: number[] = []
  const lines: Record<string, unknown>[] = []
  const clock = { now: Date.parse('2026-11-20T03:00:00Z') }
  const provider = (name: string, model: string): Provider => ({
    name,
    model,
    async *step(request) {
      asked.push(name)
      const script = scripts.get(name)?.shift() ?? [say(name), end]
      yield* typeof script === 'function' ? script(request) : script
    },
  })
  const pool = openProviders({
    settings,
    create: ({ name, model }) => provider(name, model),
    runbook: provider('runbook', 'runbook'),
    // pino writes one JSON line an entry.
    logger: pino({}, { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) }),
    now: () => new Date(clock.now),
    wait: (ms, signal) => {
      waits.push(ms)
      onWait()
      clock.now += ms
      return signal.aborted ? Promise.reject(new Error('aborted')) : Promise.resolve()
    },
  })
  return {
    ...{ pool, asked, waits, lines, clock },
    script: (name, ...more) => void scripts.set(name, [...(scripts.get(name) ?? []), ...more]),
    async step(one, more = {}) {
      const parts: Part[] = []
      const request: StepRequest = {
        ...{ sessionId: 's1', turn: 't1', agent: 'breakglass', target: 'devvm', prompt: 'x', events: [] },
        ...{ system: '', messages: [], tools: [], signal: new AbortController().signal },
        ...more,
      }
      for await (const part of one.step(request)) parts.push(part)
      return parts
    },
  }
}

/** Claude before a local model, and what a session that chooses nothing gets. */
export function claudeAndLocal(): ScriptedPool & { provider: PooledProvider } {
  const scripted = scriptedPool([settingsOf('claude'), settingsOf('local')])
  return { ...scripted, provider: scripted.pool.providerOf('') }
}
