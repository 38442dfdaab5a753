import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SqliteEventLog } from '#app/eventlog/SqliteEventLog.ts'
import type { Part, Provider, StepRequest } from '#app/provider/Provider.ts'
import type { SessionEvent } from '#app/schema/events.ts'
import { SessionStore } from '#app/session/SessionStore.ts'
import { newTurnId } from '#app/session/turnId.ts'
import type { Registry } from '#app/tool/registry.ts'
import type { ToolResult } from '#app/tool/Tool.ts'
import { runTurn, type TurnDeps } from './runTurn.ts'
import { createTakeOver } from './takeOver.ts'
import { TurnRunner } from './TurnRunner.ts'

const sessionId = 's1'
const done: ToolResult = { exitCode: 0, stdout: 'fine', stderr: '', truncated: false, durationMs: 1 }
const logger = pino({ level: 'silent' })

let folder: string
let log: SqliteEventLog
let store: SessionStore
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakglass-turn-'))
  log = new SqliteEventLog(folder)
  store = new SessionStore(log)
})
afterEach(async () => {
  await log.close()
  await rm(folder, { recursive: true, force: true })
})

type Step = (request: StepRequest) => Iterable<Part>

function scripted(...steps: Step[]): Provider {
  let next = 0
  return {
    name: 'scripted',
    model: 'scripted',
    // A script has nothing to wait for.

    async *step(request) {
      yield* steps[next++]?.(request) ?? []
    },
  }
}

const say = (text: string): Step =>
  function* () {
    yield { type: 'text', text }
    yield { type: 'end', reason: 'stop' }
  }
const call = (...calls: string[]): Step =>
  function* () {
    for (const one of calls) yield { type: 'tool', name: 'shell', input: { command: one }, call: one }
    yield { type: 'end', reason: 'tools' }
  }

function depsOf(provider: Provider, run: Registry['run'], replica = 'a1'): TurnDeps {
  return {
    log,
    store,
    providerOf: () => provider,
    tools: { get: () => undefined, run },
    keepOutput: () => Promise.resolve(),
    replica,
    now: () => new Date(),
    logger,
  }
}

async function prompt(replica = 'a1'): Promise<string> {
  const turn = newTurnId(replica)
  await store.execute(sessionId, { type: 'create', sessionId, agent: 'a', model: 'm', target: 't' })
  await store.execute(sessionId, { type: 'prompt', text: 'go', by: 'operator', turn })
  return turn
}

const eventsOf = async (): Promise<SessionEvent[]> => (await store.events(sessionId)).events
const kinds = async (): Promise<string[]> => (await eventsOf()).map(({ kind }) => kind)

describe('runTurn', () => {
  test('tools run after their call is recorded, and the turn ends with result and turn_end', async () => {
    const turn = await prompt()
    const recorded: string[][] = []
    const run = async () => {
      recorded.push(await kinds())
      return done
    }
    await runTurn(depsOf(scripted(call('one', 'two'), say('All well.')), run), { sessionId, turn })
    expect(recorded[0]).toEqual(['session', 'user', 'tool', 'tool'])
    expect(await kinds()).toEqual([
      ...['session', 'user', 'tool', 'tool', 'tool_output', 'tool_output', 'text', 'result', 'turn_end'],
    ])
    expect((await eventsOf()).at(-2)).toMatchObject({ result: 'All well.', is_error: false })
  })

  test('a provider that fails ends the turn with its sentence', async () => {
    const turn = await prompt()
    const failing: Step = function* () {
      yield { type: 'text', text: 'Let me' }
      yield { type: 'failure', kind: 'network', message: 'The model cannot be reached.' }
    }
    await runTurn(
      depsOf(scripted(failing), () => Promise.resolve(done)),
      { sessionId, turn },
    )
    expect((await eventsOf()).slice(-2)).toMatchObject([
      { kind: 'error', error: 'The model cannot be reached.' },
      { kind: 'turn_end', reason: 'failed' },
    ])
  })

  test('a provider that stops without an end is a failure too', async () => {
    const turn = await prompt()
    await runTurn(
      depsOf(
        scripted(() => []),
        () => Promise.resolve(done),
      ),
      { sessionId, turn },
    )
    expect((await eventsOf()).at(-1)).toMatchObject({ kind: 'turn_end', reason: 'failed' })
  })

  test('a tool that throws ends the turn, and no call is left without an end', async () => {
    const turn = await prompt()
    await runTurn(
      depsOf(scripted(call('one')), () => Promise.reject(new Error('burst'))),
      { sessionId, turn },
    )
    expect(await kinds()).toEqual(['session', 'user', 'tool', 'tool_output', 'error', 'turn_end'])
  })

  test('a stop ends the running tool, and each call has one end', async () => {
    const turn = await prompt()
    const begun = Promise.withResolvers<void>()
    const run: Registry['run'] = (_name, _input, { signal }) => {
      begun.resolve()
      return new Promise((resolve) =>
        signal.addEventListener('abort', () =>
          resolve({ ...done, exitCode: null, stdout: 'half', failedLeg: 'cancelled' }),
        ),
      )
    }
    const running = runTurn(depsOf(scripted(call('one', 'two'), say('never')), run), { sessionId, turn })
    await begun.promise
    await store.execute(sessionId, { type: 'cancel', by: 'someone' })
    await running
    expect(await kinds()).toEqual([
      ...['session', 'user', 'tool', 'tool', 'cancelled', 'tool_output', 'tool_output', 'turn_end'],
    ])
    expect((await eventsOf()).slice(-3)).toMatchObject([
      { failed_leg: 'cancelled', stdout: 'half' },
      { failed_leg: 'cancelled', stdout: 'half' },
      { reason: 'cancelled' },
    ])
  })

  test('an owner that was replaced says nothing more', async () => {
    const turn = await prompt()
    const run: Registry['run'] = async () => {
      await store.execute(sessionId, {
        type: 'takeOver',
        from: 'a1',
        to: 'b2',
        reason: 'it was thought dead',
      })
      return done
    }
    await runTurn(depsOf(scripted(call('one'), say('late')), run), { sessionId, turn })
    expect(await kinds()).toEqual(['session', 'user', 'tool', 'takeover'])
  })
})

describe('a turn that its owner left behind', () => {
  const takeOver = (deps: TurnDeps, alive: boolean) => {
    const runner = new TurnRunner(deps)
    const look = createTakeOver({
      log,
      store,
      heartbeat: {
        start: () => undefined,
        alive: () => Promise.resolve(alive),
        stop: () => Promise.resolve(),
      },
      replica: deps.replica,
      start: (task) => runner.start(task),
      isRunning: (turn) => runner.isRunning(turn),
      logger,
      now: () => new Date(),
    })
    return async () => {
      await look()
      expect(await runner.drain(10_000)).toBe(0)
    }
  }

  async function leftWithOpenCall(): Promise<void> {
    const turn = await prompt('dead1')
    const { position } = await store.fold(sessionId)
    const result = await log.append(`session:${sessionId}`, position, [
      { kind: 'tool', turn, name: 'shell', input: { command: 'one' }, call: 'one' },
    ])
    expect(result.ok).toBe(true)
  }

  test('is taken over and finished: the open read-only call runs again', async () => {
    await leftWithOpenCall()
    const ran: unknown[] = []
    const run: Registry['run'] = (_name, input) => {
      ran.push(input)
      return Promise.resolve(done)
    }
    await takeOver(depsOf(scripted(say('Done after all.')), run, 'b2'), false)()
    expect(ran).toEqual([{ command: 'one' }])
    expect(await kinds()).toEqual([
      ...['session', 'user', 'tool', 'takeover', 'tool_output', 'text', 'result', 'turn_end'],
    ])
  })

  test('is left alone while its owner lives', async () => {
    await leftWithOpenCall()
    await takeOver(
      depsOf(scripted(say('never')), () => Promise.resolve(done), 'b2'),
      true,
    )()
    expect(await kinds()).toEqual(['session', 'user', 'tool'])
  })

  test('is closed as cancelled when its operator had stopped it', async () => {
    await leftWithOpenCall()
    await store.execute(sessionId, { type: 'cancel', by: 'operator' })
    await takeOver(
      depsOf(scripted(say('never')), () => Promise.resolve(done), 'b2'),
      false,
    )()
    expect(await kinds()).toEqual([
      ...['session', 'user', 'tool', 'cancelled', 'takeover', 'tool_output', 'turn_end'],
    ])
  })

  test('too often is closed with a plain word', async () => {
    await leftWithOpenCall()
    for (const to of ['r1', 'r2', 'r3'])
      await store.execute(sessionId, {
        type: 'takeOver',
        from: to === 'r1' ? 'dead1' : `r${Number(to.slice(1)) - 1}`,
        to,
        reason: 'gone',
      })
    await takeOver(
      depsOf(scripted(say('never')), () => Promise.resolve(done), 'b2'),
      false,
    )()
    expect((await eventsOf()).slice(-3)).toMatchObject([
      { kind: 'tool_output', failed_leg: 'lost' },
      { kind: 'error', code: 'turn_interrupted' },
      { kind: 'turn_end', reason: 'interrupted' },
    ])
  })
})
