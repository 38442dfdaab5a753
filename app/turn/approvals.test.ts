import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { until } from '#test/fakes/breakglass.ts'
import {
  call,
  changes,
  done,
  openTurnKit,
  say,
  scripted,
  sessionId,
  type TurnKit,
} from '#test/fakes/turnKit.ts'
import { approvalDigest } from '#app/policy/approvalDigest.ts'
import type { SessionEventOf } from '#app/schema/events.ts'
import { SessionStore } from '#app/session/SessionStore.ts'
import type { Verdict } from '#app/tool/Tool.ts'
import type { TurnDeps } from './TurnDeps.ts'
import { runTurn } from './runTurn.ts'

let kit: TurnKit
beforeEach(async () => (kit = await openTurnKit()))
afterEach(() => kit.close())

/** Runs a turn whose first call changes something, up to its approval card. */
async function askFor(deps: TurnDeps): Promise<{ card: SessionEventOf<'approval'>; running: Promise<void> }> {
  const turn = await kit.prompt(deps.replica)
  const running = runTurn(deps, { sessionId, turn })
  const card = await until('the card', async () =>
    (await kit.events()).find((event) => event.kind === 'approval'),
  )
  if (card.kind !== 'approval') throw new Error('no card')
  return { card, running }
}

const decide = (approval: string, decision: 'approve' | 'deny', by = 'phone', now = new Date()) =>
  kit.store.execute(sessionId, { type: 'decide', approval, decision, by, now })

const outputs = async () => (await kit.events()).filter((event) => event.kind === 'tool_output')

describe('a call that changes something', () => {
  test('waits for an approval, is told before it begins, and runs once', async () => {
    const { card, running } = await askFor(kit.deps(scripted(call('change it'), call('look'), say('Done.'))))
    expect(kit.ran).toEqual([])
    expect(card).toMatchObject({
      action: 'change it',
      target: 't',
      why: changes.type === 'ask' && changes.why,
    })
    await decide(card.approval, 'approve')
    await running
    expect(kit.ran).toEqual(['change it', 'look'])
    expect(await kit.kinds()).toEqual([
      ...['session', 'user', 'tool', 'approval', 'decision', 'started', 'tool_output'],
      ...['tool', 'tool_output', 'text', 'result', 'turn_end'],
    ])
  })

  test('does not run when it is denied, and the model is told who and why', async () => {
    const model = scripted(call('change it'), say('So be it.'))
    const { card, running } = await askFor(kit.deps(model))
    const command = { type: 'decide', approval: card.approval, decision: 'deny', by: 'phone' } as const
    await kit.store.execute(sessionId, { ...command, reason: 'not now', now: new Date() })
    await running
    expect(kit.ran).toEqual([])
    const [end] = await outputs()
    expect(end).toMatchObject({
      refused: true,
      exit_code: null,
      stderr: expect.stringContaining('phone denied it ("not now")'),
    })
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({ role: 'tool', isError: true })
  })

  test('does not run when its time is over', async () => {
    const deps = kit.deps(scripted(call('change it'), say('So be it.')))
    // Asked for so long ago that it expires in this moment.
    const { card, running } = await askFor({ ...deps, now: () => new Date(Date.now() - 10 * 60_000 - 1_500) })
    await expect(decide(card.approval, 'approve')).rejects.toMatchObject({ code: 'expired' })
    await kit.store.execute(sessionId, { type: 'cancel', by: 'operator' })
    await running
    expect(kit.ran).toEqual([])
  })

  test('that is stopped while it waits ends within a second, well-formed', async () => {
    const { card, running } = await askFor(kit.deps(scripted(call('change it'))))
    await kit.store.execute(sessionId, { type: 'cancel', by: 'operator' })
    await running
    expect((await kit.kinds()).slice(-3)).toEqual(['cancelled', 'tool_output', 'turn_end'])
    await expect(decide(card.approval, 'approve')).rejects.toMatchObject({ code: 'expired' })
    expect(kit.ran).toEqual([])
  })

  test('does not run when the policy judges it differently by then', async () => {
    const { card, running } = await askFor(kit.deps(scripted(call('change it'), say('So be it.'))))
    kit.verdictOf = () => ({ type: 'deny', why: 'Nothing is changed here any more.' })
    await decide(card.approval, 'approve')
    await running
    expect(kit.ran).toEqual([])
    expect((await outputs())[0]).toMatchObject({ refused: true, stderr: 'Nothing is changed here any more.' })
  })

  test('is bound to what was shown: another digest runs nothing', async () => {
    const turn = await kit.prompt('a1')
    const { position } = await kit.store.fold(sessionId)
    const approval = 'f'.repeat(32)
    const shown = {
      tool: 'shell',
      action: 'change that',
      target: 't',
      leadsTo: 'here',
      operator: 'operator',
      nonce: approval,
    }
    const expires = new Date(Date.now() + 60_000).toISOString()
    await kit.log.append(`session:${sessionId}`, position, [
      { kind: 'tool', turn, name: 'shell', input: { command: 'change it' }, call: 'change it' },
      {
        ...{ kind: 'approval', turn, approval, call: 'change it', action: 'change that', target: 't' },
        ...{ why: '', risk: 'low', expires, digest: approvalDigest(shown) },
      },
    ])
    const running = runTurn(kit.deps(scripted(say('So be it.'))), { sessionId, turn })
    await decide(approval, 'approve')
    await running
    expect(kit.ran).toEqual([])
    expect((await outputs())[0]).toMatchObject({
      refused: true,
      stderr: expect.stringContaining('not what was approved'),
    })
  })
})

describe('between the decision and the command', () => {
  test('the name leads elsewhere by then: it does not run', async () => {
    const { card, running } = await askFor(kit.deps(scripted(call('change it'), say('So be it.'))))
    kit.leadsTo = 'another machine'
    await decide(card.approval, 'approve')
    await running
    expect(kit.ran).toEqual([])
    expect((await outputs())[0]).toMatchObject({ refused: true })
  })

  test('the log was away until the approval had expired: it does not run, and owes no look', async () => {
    let now = new Date()
    const store = new SessionStore(kit.log)
    const deps: TurnDeps = {
      ...kit.deps(scripted(call('change it'), say('So be it.'))),
      now: () => now,
      store,
    }
    const append = kit.log.appendBatch.bind(kit.log)
    kit.log.appendBatch = async (stream, expected, batch, options) => {
      const isBegin = batch.frames.includes('"kind":"started"')
      // What it waited for came back only now.
      if (isBegin) now = new Date(now.getTime() + 15 * 60_000)
      return append(stream, expected, batch, options)
    }
    const { card, running } = await askFor(deps)
    await decide(card.approval, 'approve')
    await running
    expect(kit.ran).toEqual([])
    expect((await outputs())[0]).toMatchObject({
      refused: true,
      stderr: expect.stringContaining('expired') as string,
    })
    expect(await kit.kinds()).not.toContain('nudge')
  })

  test('what may be changed without asking is judged anew when its turn comes', async () => {
    let mode: Verdict = { type: 'write', why: '', readBack: true }
    kit.verdictOf = (command) => (command.startsWith('change') ? mode : { type: 'read' })
    kit.onRun = (command) => {
      if (command === 'look') mode = { type: 'deny', why: 'This target is read-only.' }
      return Promise.resolve(done)
    }
    const turn = await kit.prompt()
    await runTurn(kit.deps(scripted(call('look', 'change it'), say('Done.'))), { sessionId, turn })
    expect(kit.ran).toEqual(['look'])
  })

  test('every change and its end is told to the audit, with who allowed it', async () => {
    const { card, running } = await askFor(kit.deps(scripted(call('change it'), call('look'), say('Done.'))))
    await decide(card.approval, 'approve', 'night shift')
    await running
    expect(kit.changes.map(({ outcome, action, approved }) => [outcome, action, approved?.by])).toEqual([
      ['started', 'change it', 'night shift'],
      ['done', 'change it', 'night shift'],
    ])
  })
})

describe('a process that goes', () => {
  test('leaves a waiting turn at once, as it stands, and the next one goes on with it', async () => {
    const turn = await kit.prompt('a1')
    const runner = kit.replica('a1', scripted(call('change it')))
    runner.start({ sessionId, turn })
    const asked = await until('the card', async () =>
      (await kit.events()).find((event) => event.kind === 'approval'),
    )
    expect(await runner.drain(20_000)).toBe(1)
    expect((await kit.kinds()).at(-1)).toBe('approval')
    await kit.store.execute(sessionId, { type: 'takeOver', from: 'a1', to: 'b2', reason: 'gone' })
    const next = runTurn(kit.deps(scripted(call('look'), say('Done.')), 'b2'), { sessionId, turn })
    await decide(asked.kind === 'approval' ? asked.approval : '', 'approve')
    await next
    expect(kit.ran).toEqual(['change it', 'look'])
  })

  test('begins no change that was approved while it goes', async () => {
    let going = false
    const { card, running } = await askFor({
      ...kit.deps(scripted(call('change it'))),
      draining: () => going,
    })
    going = true
    await decide(card.approval, 'approve')
    await running
    expect(kit.ran).toEqual([])
    expect((await kit.kinds()).at(-1)).toBe('decision')
  })
})

describe('two phones', () => {
  test('that approve and deny at once make one decision, and both are told the same, 200 times', async () => {
    const approvals = Array.from({ length: 200 }, (_, at) => `change ${at}`)
    const stores = [new SessionStore(kit.log), new SessionStore(kit.log)] as const
    const turn = await kit.prompt('a1')
    const expires = new Date(Date.now() + 60_000).toISOString()
    let won = { approve: 0, deny: 0 }
    for (const approval of approvals) {
      const { position } = await kit.store.fold(sessionId)
      const fields = { approval, call: approval, action: approval, target: 't', why: '', risk: 'low' }
      const asked = await kit.log.append(`session:${sessionId}`, position, [
        { kind: 'approval', turn, ...fields, expires, digest: '' },
      ])
      expect(asked.ok).toBe(true)
      const press = (store: SessionStore, decision: 'approve' | 'deny') =>
        store.execute(sessionId, { type: 'decide', approval, decision, by: decision, now: new Date() }).then(
          () => ({ by: decision, decision }),
          (error: { fields: { by: string; decision: string } }) => error.fields,
        )
      const order = Math.random() < 0.5 ? (['approve', 'deny'] as const) : (['deny', 'approve'] as const)
      const told = await Promise.all(order.map((decision, at) => press(stores[at === 0 ? 0 : 1], decision)))
      expect(told[0]).toEqual(told[1])
      won = { ...won, [told[0]?.decision ?? '']: won[told[0]?.decision as 'approve'] + 1 }
    }
    const decisions = (await kit.events()).filter((event) => event.kind === 'decision')
    expect(new Set(decisions.map((event) => event.approval)).size).toBe(200)
    expect(decisions).toHaveLength(200)
    expect(won.approve + won.deny).toBe(200)
  })
})

describe('after a change', () => {
  test('nothing else is changed before the state was read back', async () => {
    kit.verdictOf = (command) =>
      command.startsWith('change') ? { type: 'write', why: '', readBack: true } : { type: 'read' }
    const turn = await kit.prompt()
    const model = scripted(
      call('change a'),
      call('change b'),
      call('look'),
      call('change c'),
      call('look again'),
      say('ok'),
    )
    await runTurn(kit.deps(model), { sessionId, turn })
    expect(kit.ran).toEqual(['change a', 'look', 'change c', 'look again'])
  })

  test('a model that would conclude is sent back to look', async () => {
    kit.verdictOf = (command) =>
      command.startsWith('change') ? { type: 'write', why: '', readBack: true } : { type: 'read' }
    const turn = await kit.prompt()
    await runTurn(kit.deps(scripted(call('change a'), say('Done!'), call('look'), say('Really.'))), {
      sessionId,
      turn,
    })
    const events = await kit.events()
    expect(events.find((event) => event.kind === 'nudge')).toMatchObject({
      text: expect.stringContaining('read the state back'),
    })
    expect(events.at(-1)).toMatchObject({ kind: 'turn_end', reason: 'done' })
  })

  test('a model that never looks ends, and the operator is told', async () => {
    kit.verdictOf = () => ({ type: 'write', why: '', readBack: true })
    const turn = await kit.prompt()
    await runTurn(kit.deps(scripted(call('change a'), say('Done!'), say('Done!'), say('Done!'))), {
      sessionId,
      turn,
    })
    const notices = (await kit.events()).flatMap((event) => (event.kind === 'notice' ? [event.text] : []))
    expect(notices).toEqual(['Nobody has read the state back after: change a'])
  })
})

describe('a process that died', () => {
  const left = async (...events: { kind: string; [field: string]: unknown }[]) => {
    const turn = await kit.prompt('dead1')
    const { position } = await kit.store.fold(sessionId)
    const tool = { kind: 'tool', name: 'shell', input: { command: 'change it' }, call: 'change it' }
    await kit.log.append(
      `session:${sessionId}`,
      position,
      [tool, ...events].map((event) => ({ ...event, turn })),
    )
    await kit.store.execute(sessionId, { type: 'takeOver', from: 'dead1', to: 'b2', reason: 'gone' })
    return turn
  }
  const approval = 'a'.repeat(32)
  const card = () => ({
    ...{
      kind: 'approval',
      approval,
      call: 'change it',
      action: 'change it',
      target: 't',
      why: '',
      risk: 'low',
    },
    expires: new Date(Date.now() + 60_000).toISOString(),
    digest: approvalDigest({
      ...{
        tool: 'shell',
        action: 'change it',
        target: 't',
        leadsTo: 'here',
        operator: 'operator',
        nonce: approval,
      },
    }),
  })
  const started = {
    kind: 'started',
    call: 'change it',
    action: 'change it',
    target: 't',
    place: 'target:t',
    read_back: true,
    approval,
  }

  test('while the card was shown: the same card is waited for, and runs once', async () => {
    const turn = await left(card())
    const running = runTurn(kit.deps(scripted(call('look'), say('Done.')), 'b2'), { sessionId, turn })
    await decide(approval, 'approve')
    await running
    expect(kit.ran).toEqual(['change it', 'look'])
    expect((await kit.kinds()).filter((kind) => kind === 'approval')).toHaveLength(1)
  })

  test('between approval and execution: it runs, once', async () => {
    const turn = await left(card(), { kind: 'decision', approval, decision: 'approve', by: 'phone' })
    await runTurn(kit.deps(scripted(call('look'), say('Done.')), 'b2'), { sessionId, turn })
    expect(kit.ran).toEqual(['change it', 'look'])
  })

  test('while it ran: the outcome is unknown, it never runs again, and the state is looked at first', async () => {
    const turn = await left(card(), { kind: 'decision', approval, decision: 'approve', by: 'phone' }, started)
    await runTurn(kit.deps(scripted(call('change more'), call('look'), say('Done.')), 'b2'), {
      sessionId,
      turn,
    })
    expect(kit.ran).toEqual(['look'])
    expect((await outputs())[0]).toMatchObject({ exit_code: null, failed_leg: 'lost' })
    expect((await outputs())[1]).toMatchObject({
      refused: true,
      stderr: expect.stringContaining('nobody knows how this ended'),
    })
  })

  test('in the middle of its words: they are marked, and are no part of the answer', async () => {
    const turn = await kit.prompt('dead1')
    const { position } = await kit.store.fold(sessionId)
    await kit.log.append(`session:${sessionId}`, position, [{ kind: 'text', turn, text: 'The disk is' }])
    await kit.store.execute(sessionId, { type: 'takeOver', from: 'dead1', to: 'b2', reason: 'gone' })
    const model = scripted(say('The disk is full.'))
    await runTurn(kit.deps(model, 'b2'), { sessionId, turn })
    expect(model.requests[0]?.messages).toHaveLength(1)
    expect((await kit.events()).at(-2)).toMatchObject({ kind: 'result', result: 'The disk is full.' })
    expect(await kit.kinds()).toContain('notice')
  })
})

test('an owner that was replaced while its command ran says nothing of its end', async () => {
  kit.verdictOf = () => ({ type: 'write', why: '', readBack: true })
  const turn = await kit.prompt('a1')
  const inCommand = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  kit.onRun = async () => {
    inCommand.resolve()
    await goOn.promise
    return done
  }
  const old = runTurn(kit.deps(scripted(call('change it'), say('late')), 'a1'), { sessionId, turn })
  await inCommand.promise
  await kit.store.execute(sessionId, { type: 'takeOver', from: 'a1', to: 'b2', reason: 'it was asleep' })
  kit.verdictOf = () => ({ type: 'read' })
  kit.onRun = () => Promise.resolve(done)
  const next = runTurn(kit.deps(scripted(call('look'), say('Looked.')), 'b2'), { sessionId, turn })
  goOn.resolve()
  await Promise.all([old, next])
  const ends = (await outputs()).map((event) => [event.call, event.failed_leg])
  expect(ends).toEqual([
    ['change it', 'lost'],
    ['look', undefined],
  ])
  expect(kit.ran).toEqual(['change it', 'look'])
})
