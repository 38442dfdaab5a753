import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { z } from 'zod'
import { SqliteEventLog } from '#app/eventlog/SqliteEventLog.ts'
import type { Part, StepRequest } from '#app/provider/Provider.ts'
import type { PooledProvider } from '#app/provider/ProviderPool.ts'
import type { SessionEvent } from '#app/schema/events.ts'
import { SessionStore } from '#app/session/SessionStore.ts'
import { newTurnId } from '#app/session/turnId.ts'
import { createRegistry } from '#app/tool/registry.ts'
import type { RunContext, ToolResult, Verdict } from '#app/tool/Tool.ts'
import type { Change, TurnDeps } from '#app/turn/TurnDeps.ts'
import { TurnRunner } from '#app/turn/TurnRunner.ts'

export const sessionId = 's1'
export const done: ToolResult = { exitCode: 0, stdout: 'fine', stderr: '', truncated: false, durationMs: 1 }

export type Step = (request: StepRequest) => Iterable<Part> | AsyncIterable<Part>

/** Says it and is done. */
export const say = (text: string): Step =>
  function* () {
    yield { type: 'text', text }
    yield { type: 'end', reason: 'stop' }
  }

/** Calls the tool `shell` once per command; the call's id is the command. */
export const call = (...commands: string[]): Step =>
  function* () {
    for (const command of commands) yield { type: 'tool', name: 'shell', input: { command }, call: command }
    yield { type: 'end', reason: 'tools' }
  }

/** A provider that does one step after the other, whatever it is asked. */
export function scripted(...steps: Step[]): PooledProvider & { requests: StepRequest[] } {
  const requests: StepRequest[] = []
  const provider: ReturnType<typeof scripted> = {
    name: 'scripted',
    model: 'scripted',
    contextTokens: 100_000,
    requests,
    async *step(request) {
      requests.push(structuredClone({ ...request, signal: undefined }) as unknown as StepRequest)
      yield* steps[requests.length - 1]?.(request) ?? []
    },
    get modelsOnly() {
      return provider
    },
  }
  return provider
}

export const changes: Verdict = { type: 'ask', why: 'It changes something.', risk: 'medium', readBack: true }

export interface TurnKit {
  log: SqliteEventLog
  store: SessionStore
  /** What ran, in order. */
  ran: string[]
  /** What the audit was told. */
  changes: Change[]
  /** Where the target's name leads. */
  leadsTo: string
  /** Commands that begin with `change` ask first; what a command does is told by `onRun`, by default it is `done`. */
  onRun: (command: string, context: RunContext) => Promise<ToolResult>
  verdictOf: (command: string) => Verdict
  deps: (provider: PooledProvider, replica?: string) => TurnDeps
  prompt: (replica?: string) => Promise<string>
  events: () => Promise<SessionEvent[]>
  kinds: () => Promise<string[]>
  /** A process of its own, as far as turns go. */
  replica: (name: string, provider: PooledProvider) => TurnRunner
  close: () => Promise<void>
}

/** A session in a real log, one tool `shell`, and everything else that a turn needs. */
export async function openTurnKit(): Promise<TurnKit> {
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-turn-'))
  const log = new SqliteEventLog(folder)
  const store = new SessionStore(log)
  const logger = pino({ level: 'silent' })
  const kit: TurnKit = {
    log,
    store,
    ran: [],
    changes: [],
    leadsTo: 'here',
    onRun: () => Promise.resolve(done),
    verdictOf: (command) => (command.startsWith('change') ? changes : { type: 'read' }),
    deps: (provider, replica = 'a1') => ({
      log,
      store,
      providerOf: () => provider,
      agentOf: () => ({ system: 'You mend machines.', tools: ['shell'] }),
      presetPrompt: () => undefined,
      tools: createRegistry([
        {
          name: 'shell',
          description: 'Runs a command.',
          parameters: z.object({ command: z.string() }),
          timeoutMs: 10_000,
          prepare: ({ command }: { command: string }, { target }) => ({
            action: command,
            target,
            where: { kind: 'target', name: target, targets: [target], leadsTo: kit.leadsTo },
            verdict: kit.verdictOf(command),
            run: (context) => {
              kit.ran.push(command)
              return kit.onRun(command, context)
            },
          }),
        },
      ]),
      budget: { check: () => Promise.resolve({ state: 'ok' }), add: () => Promise.resolve() },
      capture: () => {
        const said = { stdout: '', stderr: '' }
        return {
          write: (stream, text) => void (said[stream] += text),
          end: () => Promise.resolve({ ...said, truncated: false, bytes: said.stdout.length }),
        }
      },
      onWaiting: () => undefined,
      onChange: (change) => void kit.changes.push(change),
      draining: () => false,
      replica,
      now: () => new Date(),
      logger,
    }),
    async prompt(replica = 'a1') {
      const turn = newTurnId(replica)
      const known = (await store.fold(sessionId)).state.head > 0
      if (!known)
        await store.execute(sessionId, { type: 'create', sessionId, agent: 'a', model: 'm', target: 't' })
      await store.execute(sessionId, { type: 'prompt', text: 'go', by: 'operator', turn })
      return turn
    },
    events: async () => (await store.events(sessionId)).events,
    kinds: async () => (await kit.events()).map(({ kind }) => kind),
    replica: (name, provider) => new TurnRunner(kit.deps(provider, name)),
    async close() {
      await log.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return kit
}
