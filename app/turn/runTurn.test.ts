import pino from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  call,
  done,
  openTurnKit,
  say,
  scripted,
  sessionId,
  type Step,
  type TurnKit,
} from '#test/fakes/turnKit.ts'
import { runTurn } from './runTurn.ts'
import { createTakeOver } from './takeOver.ts'

const logger = pino({ level: 'silent' })

let kit: TurnKit
beforeEach(async () => (kit = await openTurnKit()))
afterEach(() => kit.close())

describe('runTurn', () => {
  test('tools run after their call is recorded, and the turn ends with result and turn_end', async () => {
    const turn = await kit.prompt()
    const recorded: string[][] = []
    kit.onRun = async () => {
      recorded.push(await kit.kinds())
      return done
    }
    await runTurn(kit.deps(scripted(call('one', 'two'), say('All well.'))), { sessionId, turn })
    expect(recorded[0]).toEqual(['session', 'user', 'tool', 'tool'])
    expect(await kit.kinds()).toEqual([
      ...['session', 'user', 'tool', 'tool', 'tool_output', 'tool_output', 'text', 'result', 'turn_end'],
    ])
    expect((await kit.events()).at(-2)).toMatchObject({ result: 'All well.', is_error: false })
  })

  test('a provider that fails ends the turn with its sentence', async () => {
    const turn = await kit.prompt()
    const failing: Step = function* () {
      yield { type: 'text', text: 'Let me' }
      yield { type: 'failure', kind: 'network', message: 'The model cannot be reached.' }
    }
    await runTurn(kit.deps(scripted(failing)), { sessionId, turn })
    expect((await kit.events()).slice(-2)).toMatchObject([
      { kind: 'error', error: 'The model cannot be reached.' },
      { kind: 'turn_end', reason: 'failed' },
    ])
  })

  test('a provider that stops without an end is a failure too', async () => {
    const turn = await kit.prompt()
    await runTurn(kit.deps(scripted(() => [])), { sessionId, turn })
    expect((await kit.events()).at(-1)).toMatchObject({ kind: 'turn_end', reason: 'failed' })
  })

  test('a tool that throws ends its call with a sentence, and the model goes on', async () => {
    const turn = await kit.prompt()
    kit.onRun = () => Promise.reject(new Error('burst'))
    await runTurn(kit.deps(scripted(call('one'), say('It broke.'))), { sessionId, turn })
    expect(await kit.kinds()).toEqual([
      'session',
      'user',
      'tool',
      'tool_output',
      'text',
      'result',
      'turn_end',
    ])
    expect((await kit.events())[3]).toMatchObject({ exit_code: null, stderr: 'burst' })
  })

  test('a stop ends the running tool, and each call has one end', async () => {
    const turn = await kit.prompt()
    const begun = Promise.withResolvers<void>()
    kit.onRun = (_command, { signal }) => {
      begun.resolve()
      return new Promise((resolve) =>
        signal.addEventListener('abort', () =>
          resolve({ ...done, exitCode: null, stdout: 'half', failedLeg: 'cancelled' }),
        ),
      )
    }
    const running = runTurn(kit.deps(scripted(call('one', 'two'), say('never'))), { sessionId, turn })
    await begun.promise
    await kit.store.execute(sessionId, { type: 'cancel', by: 'someone' })
    await running
    expect(await kit.kinds()).toEqual([
      ...['session', 'user', 'tool', 'tool', 'cancelled', 'tool_output', 'tool_output', 'turn_end'],
    ])
    expect((await kit.events()).slice(-3)).toMatchObject([
      { failed_leg: 'cancelled', stdout: 'half' },
      { failed_leg: 'cancelled', stdout: 'half' },
      { reason: 'cancelled' },
    ])
  })

  test('an owner that was replaced says nothing more', async () => {
    const turn = await kit.prompt()
    kit.onRun = async () => {
      await kit.store.execute(sessionId, {
        type: 'takeOver',
        from: 'a1',
        to: 'b2',
        reason: 'it was thought dead',
      })
      return done
    }
    await runTurn(kit.deps(scripted(call('one'), say('late'))), { sessionId, turn })
    expect(await kit.kinds()).toEqual(['session', 'user', 'tool', 'takeover'])
  })
})

describe('a turn that its owner left behind', () => {
  const takeOver = (provider: ReturnType<typeof scripted>, alive: boolean) => {
    const runner = kit.replica('b2', provider)
    const look = createTakeOver({
      log: kit.log,
      store: kit.store,
      heartbeat: {
        start: () => undefined,
        alive: () => Promise.resolve(alive),
        stop: () => Promise.resolve(),
      },
      replica: 'b2',
      start: (task) => runner.start(task),
      isRunning: (turn) => runner.isRunning(turn),
      onClosed: () => undefined,
      logger,
      now: () => new Date(),
    })
    return async () => {
      await look()
      expect(await runner.drain(10_000)).toBe(0)
    }
  }

  async function leftWithOpenCall(): Promise<void> {
    const turn = await kit.prompt('dead1')
    const { position } = await kit.store.fold(sessionId)
    const result = await kit.log.append(`session:${sessionId}`, position, [
      { kind: 'tool', turn, name: 'shell', input: { command: 'one' }, call: 'one' },
    ])
    expect(result.ok).toBe(true)
  }

  test('is taken over and finished: the open read-only call runs again', async () => {
    await leftWithOpenCall()
    await takeOver(scripted(say('Done after all.')), false)()
    expect(kit.ran).toEqual(['one'])
    expect(await kit.kinds()).toEqual([
      ...['session', 'user', 'tool', 'takeover', 'tool_output', 'text', 'result', 'turn_end'],
    ])
  })

  test('is left alone while its owner lives', async () => {
    await leftWithOpenCall()
    await takeOver(scripted(say('never')), true)()
    expect(await kit.kinds()).toEqual(['session', 'user', 'tool'])
  })

  test('is closed as cancelled when its operator had stopped it', async () => {
    await leftWithOpenCall()
    await kit.store.execute(sessionId, { type: 'cancel', by: 'operator' })
    await takeOver(scripted(say('never')), false)()
    expect(await kit.kinds()).toEqual([
      ...['session', 'user', 'tool', 'cancelled', 'takeover', 'tool_output', 'turn_end'],
    ])
  })

  test('too often is closed with a plain word', async () => {
    await leftWithOpenCall()
    for (const to of ['r1', 'r2', 'r3'])
      await kit.store.execute(sessionId, {
        type: 'takeOver',
        from: to === 'r1' ? 'dead1' : `r${Number(to.slice(1)) - 1}`,
        to,
        reason: 'gone',
      })
    await takeOver(scripted(say('never')), false)()
    expect((await kit.events()).slice(-3)).toMatchObject([
      { kind: 'tool_output', failed_leg: 'lost' },
      { kind: 'error', code: 'turn_interrupted' },
      { kind: 'turn_end', reason: 'interrupted' },
    ])
  })
})
