import { describe, expect, test } from 'vitest'
import type { Draft, SessionEvent } from '#app/schema/events.ts'
import { describeCall, nextCompaction, plainSummary, summaryText, type Compaction } from './compact.ts'
import { contextRoom, estimateTokens } from './contextRoom.ts'
import { tellConversation } from './summarise.ts'
import { toMessages } from './toMessages.ts'

const log = (...drafts: Draft<SessionEvent>[]): SessionEvent[] =>
  drafts.map((draft, at) => ({ ...draft, id: at + 1, at: new Date(at).toISOString() }))
const session = { kind: 'session', session_id: 's', agent: 'a', model: 'm', target: 'web1' } as const
const user = { kind: 'user', text: 'It is slow.', by: 'operator' } as const
const tool = (call: string) =>
  ({ kind: 'tool', name: 'shell', input: { command: `look ${call}` }, call }) as const
const output = (call: string, chars: number): Draft<SessionEvent> => ({
  ...{ kind: 'tool_output', call, exit_code: 0, stdout: 'x'.repeat(chars), stderr: '' },
  ...{ truncated: false, duration_ms: 1 },
})
/** Steps of one call each, with outputs of so many characters. */
const run = (chars: number, ...calls: string[]) => calls.flatMap((call) => [tool(call), output(call, chars)])

const presetPrompt = () => undefined
const fixed = { system: 'x'.repeat(3000), tools: [] }
const compactionOf = (events: SessionEvent[], contextTokens: number): Compaction => {
  const room = contextRoom(contextTokens, fixed)
  const options = { presetPrompt, outputChars: room.outputChars }
  return nextCompaction(events, {
    ...{ presetPrompt, room },
    sizeWith: (marker) => estimateTokens({ ...fixed, messages: toMessages([...events, marker], options) }),
  })
}

describe('what is shortened next', () => {
  const calls = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']

  test('is outputs of older calls while that is enough', () => {
    const events = log(session, user, ...run(16_000, ...calls))
    expect(compactionOf(events, 64_000)).toEqual({ stage: 'outputs', before: 'h' })
  })

  test('is outputs of all but the last calls where these are what is long', () => {
    const wide = Array.from({ length: 8 }, (_, at) => `w${at}`)
    const events = log(session, user, ...wide.map(tool), ...wide.map((call) => output(call, 16_000)))
    expect(compactionOf(events, 24_000)).toEqual({ stage: 'outputs', before: 'w5' })
  })

  test('is everything in words where outputs are not what is long', () => {
    const words = { kind: 'text', text: 'x'.repeat(20_000) } as const
    const events = log(session, user, words, ...run(10, ...calls))
    expect(compactionOf(events, 16_000)).toEqual({ stage: 'summary', before: 'h' })
  })

  test('keeps no call behind the words where even the last is too long', () => {
    const long = { ...tool('z'), input: { command: 'x'.repeat(20_000) } }
    const events = log(session, user, long, output('z', 10))
    expect(compactionOf(events, 16_000)).toEqual({ stage: 'summary', before: '' })
  })

  test('is never summarised at the same cut again', () => {
    const words = { kind: 'text', text: 'x'.repeat(20_000) } as const
    const summary = { kind: 'compaction', before: 'h', text: 'y'.repeat(30_000) } as const
    const events = log(session, user, words, ...run(10, ...calls), summary)
    expect(compactionOf(events, 16_000)).toEqual({ stage: 'summary', before: 'i' })
  })

  test('is nothing where instructions leave no room: no summary is paid for', () => {
    const events = log(session, user, ...run(16_000, ...calls))
    expect(compactionOf(events, 3000)).toEqual({ stage: 'nothing' })
  })

  test.each([5000, 8000, 16_000, 64_000])('fits a context of %d tokens afterwards', (contextTokens) => {
    const events = log(session, { ...user, text: 'x'.repeat(30_000) }, ...run(16_000, ...calls))
    const room = contextRoom(contextTokens, fixed)
    const next = compactionOf(events, contextTokens)
    if (next.stage === 'nothing') throw new Error('Nothing was found to shorten.')
    const { before } = next
    const text = summaryText('s'.repeat(100_000), events, { presetPrompt, room, before })
    const marker = { kind: 'compaction', before, ...(next.stage === 'summary' && { text }) } as const
    const messages = toMessages([...events, ...log(marker)], { presetPrompt, outputChars: room.outputChars })
    expect(estimateTokens({ ...fixed, messages })).toBeLessThanOrEqual(room.goal)
  })
})

test('tools count among what a request has', () => {
  const tools = [{ name: 'shell', description: 'x'.repeat(3000), parameters: {} }]
  expect(estimateTokens({ system: '', messages: [], tools })).toBeGreaterThan(1000)
})

describe('a summary', () => {
  const room = contextRoom(16_000, fixed)

  test('is followed by the request that it would hide, with its place', () => {
    const events = log(session, user, tool('a'))
    const text = summaryText('All.', events, { presetPrompt, room, before: 'a' })
    expect(text).toMatch(/All\..*It is slow\..*Target: web1/s)
  })

  test('does not repeat a request that stays', () => {
    const events = log(session, tool('a'), user)
    expect(summaryText('All.', events, { presetPrompt, room, before: 'a' })).not.toContain('slow')
  })

  test('without a model has the newest of what was asked and run, no longer than allowed', () => {
    const calls = Array.from({ length: 500 }, (_, at) => `c${at}`)
    const text = plainSummary(log(session, user, ...run(10, ...calls)), room)
    expect(text).toMatch(/shell: look c499 → exit code 0\n$/)
    expect(text.length).toBeLessThanOrEqual(room.summaryChars)
  })

  test('is made from calls with their place and arguments, and from results shortened', () => {
    const runbookCall = { ...tool('t1.disk'), target: 'web2' }
    const events = log(session, user, runbookCall, output('t1.disk', 50_000), {
      ...{ kind: 'text', text: 'Hm.' },
    })
    const told = tellConversation({ events, messages: toMessages(events, { presetPrompt }) })
    expect(told).toContain('call of shell on web2: look t1.disk')
    expect(told).toMatch(
      /user: It is slow\..*call of.*result of shell: Exit code 0.*left out here.*assistant: Hm\./s,
    )
    expect(told.length).toBeLessThan(2500)
  })

  test.each([
    [{ name: 'shell', input: { command: 'df -h', target: 'db1' } }, 'shell on db1: df -h'],
    [{ name: 'power', target: 'vm1', input: { verb: 'status' } }, 'power on vm1: {"verb":"status"}'],
    [{ name: 'fleet', input: {} }, 'fleet: (no arguments)'],
  ])('tells a call in a line', (call, line) => {
    expect(describeCall(call)).toBe(line)
  })
})
