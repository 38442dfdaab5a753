import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SessionDraft } from '#app/schema/events.ts'
import { decide, type Command } from './decide.ts'
import { emptySession, evolve, type SessionState } from './evolve.ts'

const now = new Date('2026-01-01T00:00:00Z')
const later = new Date('2026-01-01T00:10:01Z')
const turn = 't-a1-0000000000000000'

const fold = (drafts: SessionDraft[], state: SessionState = emptySession): SessionState =>
  drafts.reduce(
    (before, draft) => evolve(before, { ...draft, id: before.head + 1, at: now.toISOString() }),
    state,
  )
const card = (approval: string): SessionDraft => ({
  ...{ kind: 'approval', turn, approval, call: `call-${approval}`, action: 'rm x', target: 'web1', why: '' },
  ...{ risk: 'high', expires: '2026-01-01T00:10:00.000Z', digest: '' },
})
const running = fold([
  { kind: 'session', session_id: 's', agent: 'a', model: 'm', target: 'web1' },
  { kind: 'user', text: 'go', by: 'operator', turn },
])
const press = (state: SessionState, by: string, decision: 'approve' | 'deny', at = now) =>
  decide(state, { type: 'decide', approval: 'x', decision, by, now: at })

describe('an approval', () => {
  const asked = fold([card('x')], running)

  test('is pending until someone decides', () => {
    expect(asked.pendingApproval).toBe('x')
    const first = press(asked, 'one', 'approve')
    expect(first).toMatchObject({
      events: [{ kind: 'decision', approval: 'x', decision: 'approve', by: 'one' }],
    })
    expect(fold('events' in first ? first.events : [], asked).pendingApproval).toBeNull()
    expect(asked.approvals.get('x')).toMatchObject({
      card: { action: 'rm x', target: 'web1', why: '', risk: 'high' },
    })
  })

  test('is decided once: the next is told by whom and how, the same again already holds', () => {
    const decided = fold([{ kind: 'decision', turn, approval: 'x', decision: 'deny', by: 'one' }], asked)
    expect(press(decided, 'two', 'approve')).toMatchObject({
      rejected: 'decided',
      fields: { by: 'one', decision: 'deny' },
    })
    expect(press(decided, 'one', 'approve')).toMatchObject({ rejected: 'decided' })
    expect(press(decided, 'one', 'deny')).toEqual({ events: [] })
  })

  test.each<[string, SessionDraft[]]>([
    ['its call has ended', [output('call-x')]],
    ['its turn was stopped', [{ kind: 'cancelled', turn, by: 'operator' }]],
    ['its turn has ended', [{ kind: 'turn_end', turn, reason: 'failed' }]],
  ])('is gone once %s', (_name, after) => {
    const state = fold(after, asked)
    expect(state.pendingApproval).toBeNull()
    expect(press(state, 'one', 'approve')).toMatchObject({ rejected: 'expired' })
  })

  test('expires', () => {
    expect(press(asked, 'one', 'approve', later)).toMatchObject({ rejected: 'expired' })
  })

  test('that is not there is not found', () => {
    expect(press(running, 'one', 'approve')).toMatchObject({ rejected: 'not_found' })
  })

  test('has one decision at most, whatever is pressed in whatever order', () => {
    const command = fc.record({
      type: fc.constant('decide' as const),
      approval: fc.constantFrom('x', 'y', 'z'),
      decision: fc.constantFrom('approve' as const, 'deny' as const),
      by: fc.constantFrom('one', 'two'),
      now: fc.constantFrom(now, later),
    })
    const anything: fc.Arbitrary<Command> = fc.oneof(
      { arbitrary: command, weight: 8 },
      fc.constant<Command>({ type: 'cancel', by: 'one' }),
    )
    const begin = fold([card('x'), card('y')], running)
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 30 }), (commands) => {
        const decisions: string[] = []
        let state = begin
        for (const one of commands) {
          const decision = decide(state, one)
          if (!('events' in decision)) continue
          for (const event of decision.events) if (event.kind === 'decision') decisions.push(event.approval)
          state = fold(decision.events, state)
        }
        expect(new Set(decisions).size).toBe(decisions.length)
        expect(decisions).not.toContain('z')
      }),
    )
  })
})

describe('a question', () => {
  const asked = fold([{ kind: 'question', turn, question: 'q', text: 'Which?' }], running)
  const answer = (state: SessionState) =>
    decide(state, { type: 'answer', question: 'q', text: 'that', by: 'one' })

  test('is answered once', () => {
    expect(asked.pendingQuestion).toBe('q')
    const first = answer(asked)
    expect(first).toMatchObject({ events: [{ kind: 'answer', text: 'that' }] })
    const answered = fold('events' in first ? first.events : [], asked)
    expect(answered.pendingQuestion).toBeNull()
    expect(answer(answered)).toMatchObject({ rejected: 'conflict' })
  })

  test('is moot once its call has ended without an answer', () => {
    const state = fold([output('q')], asked)
    expect(state.pendingQuestion).toBeNull()
    expect(answer(state)).toMatchObject({ rejected: 'conflict' })
    const others = fold([{ kind: 'question', turn, question: 'r', text: 'And?' }], asked)
    expect(fold([output('q')], others).pendingQuestion).toBe('r')
    expect(fold([output('another')], asked).pendingQuestion).toBe('q')
  })

  test('is moot once its turn has ended', () => {
    const ended = fold([{ kind: 'turn_end', turn, reason: 'cancelled' }], asked)
    expect(ended.pendingQuestion).toBeNull()
    expect(answer(ended)).toMatchObject({ rejected: 'conflict' })
  })
})

function output(call: string): SessionDraft {
  const said = { stdout: '', stderr: '', truncated: false, duration_ms: 0 }
  return { kind: 'tool_output', turn, call, exit_code: null, ...said }
}
