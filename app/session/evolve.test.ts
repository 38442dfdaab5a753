import { describe, expect, test } from 'vitest'
import type { SessionDraft, SessionEvent } from '#app/schema/events.ts'
import { decide, type Command } from './decide.ts'
import { emptySession, evolve, type SessionState } from './evolve.ts'

const at = '2026-01-02T03:04:05.000Z'

function fold(...drafts: SessionDraft[]): SessionState {
  return drafts.map((draft, index) => ({ ...draft, id: index + 1, at })).reduce(evolve, emptySession)
}

const begun: SessionDraft = {
  kind: 'session',
  session_id: 's1',
  agent: 'breakglass',
  model: 'runbook',
  target: 'local',
}
const turn = 't-a1-0123456789abcdef'
const prompted: SessionDraft = { kind: 'user', text: 'Triage\nplease', by: 'operator', turn }
const ended: SessionDraft = { kind: 'turn_end', turn, reason: 'done' }

describe('evolve', () => {
  test('a new session is idle and has the standing title', () => {
    expect(fold(begun)).toMatchObject({
      sessionId: 's1',
      title: 'New session',
      activity: { state: 'idle' },
      head: 1,
    })
  })

  test('the first prompt names the session, later ones do not', () => {
    const state = fold(begun, prompted, ended, { ...prompted, text: 'Disk' })
    expect(state.title).toBe('Triage')
  })

  test('a long title is cut at 60 characters', () => {
    expect(fold(begun, { ...prompted, text: 'x'.repeat(100) }).title).toHaveLength(60)
  })

  test('a prompt starts a turn that its replica owns', () => {
    expect(fold(begun, prompted).activity).toEqual({ state: 'running', turn, owner: 'a1', takeovers: 0 })
  })

  test('a take-over changes the owner and is counted', () => {
    const state = fold(begun, prompted, { kind: 'takeover', turn, from: 'a1', to: 'b2', reason: 'gone' })
    expect(state.activity).toMatchObject({ owner: 'b2', takeovers: 1 })
  })

  test('a stop is remembered until the turn ends', () => {
    const cancelled: SessionDraft = { kind: 'cancelled', turn, by: 'operator' }
    expect(fold(begun, prompted, cancelled).activity).toMatchObject({
      state: 'running',
      cancelledBy: 'operator',
    })
    expect(fold(begun, prompted, cancelled, ended).activity).toEqual({ state: 'idle' })
  })

  test('usage adds up, and a cost that nobody told stays unknown', () => {
    const usage: SessionDraft = {
      kind: 'usage',
      provider: 'p',
      model: 'm',
      input_tokens: 3,
      output_tokens: 2,
      cached_tokens: 1,
    }
    expect(fold(begun, usage, usage).usage).toEqual({
      input_tokens: 6,
      output_tokens: 4,
      cached_tokens: 2,
      cost: null,
    })
    expect(fold(begun, usage, { ...usage, cost: 0.5 }).usage.cost).toBe(0.5)
  })

  test('a kind of a later version only moves the head', () => {
    const later = { kind: 'hologram', id: 2, at } as unknown as SessionEvent
    expect(evolve(fold(begun), later)).toEqual({ ...fold(begun), head: 2 })
  })
})

describe('decide', () => {
  const prompt: Command = { type: 'prompt', text: 'hi', by: 'operator', turn: 't-b2-0000000000000001' }
  const rejections: [string, SessionState, Command, string][] = [
    ['a prompt to no session', emptySession, prompt, 'not_found'],
    ['a prompt while running', fold(begun, prompted), prompt, 'busy'],
    ['a prompt to an archived session', fold(begun, { kind: 'archived', by: 'o' }), prompt, 'archived'],
    ['a cancel of no session', emptySession, { type: 'cancel', by: 'o' }, 'not_found'],
    ['archiving while running', fold(begun, prompted), { type: 'archive', by: 'o' }, 'busy'],
    [
      'a take-over of an ended turn',
      fold(begun, prompted, ended),
      { type: 'takeOver', from: 'a1', to: 'b2', reason: '' },
      'conflict',
    ],
    [
      'a take-over from someone who does not own the turn',
      fold(begun, prompted),
      { type: 'takeOver', from: 'zz', to: 'b2', reason: '' },
      'conflict',
    ],
    [
      'a second creation',
      fold(begun),
      { type: 'create', sessionId: 's1', agent: '', model: '', target: '' },
      'conflict',
    ],
  ]
  test.each(rejections)('%s is rejected', (_, state, command, code) => {
    expect(decide(state, command)).toMatchObject({ rejected: code })
  })

  test('a repeated idempotency key finds its turn, also while that turn runs', async () => {
    const { newTurnId } = await import('./turnId.ts')
    const mine = newTurnId('a1', 'key-1')
    const running = fold(begun, { ...prompted, turn: mine })
    expect(decide(running, { ...prompt, idempotencyKey: 'key-1' })).toEqual({ events: [], turn: mine })
    expect(decide(running, { ...prompt, idempotencyKey: 'key-2' })).toMatchObject({ rejected: 'busy' })
  })

  test('a stop is said once', () => {
    const running = fold(begun, prompted)
    expect(decide(running, { type: 'cancel', by: 'o' })).toEqual({
      events: [{ kind: 'cancelled', by: 'o', turn }],
    })
    const stopping = fold(begun, prompted, { kind: 'cancelled', turn, by: 'o' })
    expect(decide(stopping, { type: 'cancel', by: 'p' })).toEqual({ events: [] })
    expect(decide(fold(begun), { type: 'cancel', by: 'o' })).toEqual({ events: [] })
  })

  test('another target is told by a session event before the prompt', () => {
    const decision = decide(fold(begun), { ...prompt, target: 'devvm' })
    expect(decision).toMatchObject({ events: [{ kind: 'session', target: 'devvm' }, { kind: 'user' }] })
  })
})
