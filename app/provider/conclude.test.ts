import { expect, test } from 'vitest'
import type { Answer } from './Answer.ts'
import { newCallId, wireCallId, wireToolName } from './callId.ts'
import { conclude } from './conclude.ts'
import type { ModelSettings } from './ModelSettings.ts'
import { kindDefaults } from './models.ts'
import type { FailureKind, Part, StepRequest } from './Provider.ts'
import { malformedArguments } from './toolInput.ts'
import { usageOf } from './usageOf.ts'

const settings: ModelSettings = { ...kindDefaults.openai, name: 'local', kind: 'openai' }
const request: StepRequest = {
  sessionId: 's1',
  turn: 't1',
  agent: 'breakglass',
  target: 'devvm',
  prompt: '',
  events: [],
  system: '',
  messages: [],
  tools: [],
  signal: new AbortController().signal,
}
const tokens = { input: 1, written: 0, cached: 2, output: 3 }
const parts = (answer: Partial<Answer>): Part[] => [
  ...conclude({ stop: { type: 'done' }, calls: [], ...answer }, { spoke: false, tokens }, settings, request),
]
const inputs = (answer: Partial<Answer>) =>
  parts(answer).flatMap((part) => (part.type === 'tool' ? [part.input] : []))

test.each(['{"command": "d', '[1]', '"df"', 'null', 'df -h'])(
  'arguments %s are no object, and marked so that no tool takes them',
  (input) => {
    const [marked = {}] = inputs({ calls: [{ name: 'shell', input }] })
    expect(malformedArguments(marked)).toBe(input)
  },
)

test('no arguments are an empty object, unless the answer was cut right there', () => {
  const calls = [
    { name: 'fleet', input: '' },
    { name: 'fleet', input: '' },
  ]
  expect(inputs({ calls })).toEqual([{}, {}])
  expect(inputs({ calls, stop: { type: 'cut' } })).toEqual([{}, { malformed_arguments: '' }])
})

test('a whole call before the cut runs', () => {
  const calls = [{ name: 'shell', input: '{"command":"df"}' }]
  expect(parts({ calls, stop: { type: 'cut' } })).toMatchObject([
    { type: 'tool', input: { command: 'df' } },
    { type: 'notice' },
    { type: 'usage' },
    { type: 'end', reason: 'tools' },
  ])
})

test.each<[Answer['stop'], FailureKind]>([
  [{ type: 'full' }, 'context'],
  [{ type: 'broken' }, 'overload'],
  [{ type: 'unknown', word: 'eos' }, 'invalid'],
])('calls with the stop %j do not get out: it is a failure, and what it has used is told', (stop, kind) => {
  expect(parts({ calls: [{ name: 'shell', input: '{}' }], stop })).toMatchObject([
    { type: 'usage', input_tokens: 1, cached_tokens: 2, output_tokens: 3 },
    { type: 'failure', kind },
  ])
})

test('what goes into the cache is told as input, and has a price of its own', () => {
  const price = { input: 3, output: 15, cached: 0.3, cacheWrite: 3.75 }
  const counts = { input: 100, written: 2000, cached: 30_000, output: 10 }
  expect(usageOf(counts, { ...settings, price })).toMatchObject({
    ...{ input_tokens: 2100, cached_tokens: 30_000, output_tokens: 10 },
    cost: (100 * 3 + 2000 * 3.75 + 30_000 * 0.3 + 10 * 15) / 1e6,
  })
})

test('an answer without a word says so', () => {
  expect(parts({})).toMatchObject([
    { type: 'notice', text: 'gpt-5.5 ended without a word.' },
    { type: 'usage' },
    { type: 'end' },
  ])
})

test('a server that counts no tokens is told of once a session', () => {
  const answer: Answer = { stop: { type: 'unknown', word: 'eos' }, calls: [] }
  const heard = { spoke: true, tokens: undefined }
  const told = [...conclude(answer, heard, settings, request)]
  expect(told.map(({ type }) => type)).toEqual(['notice', 'notice', 'end'])
  const text = told[1]?.type === 'notice' ? told[1].text : ''
  expect(text).toContain('does not say how many tokens')
  const event = { kind: 'notice', id: 1, at: '2026-11-21T03:00:00Z', text, level: 'warn' } as const
  expect(
    [...conclude(answer, heard, settings, { ...request, events: [event] })].map(({ type }) => type),
  ).toEqual(['notice', 'end'])
})

test('ids are nine letters and digits, and the same for the same call', () => {
  expect(newCallId()).toMatch(/^[A-Za-z0-9]{9}$/)
  expect(wireCallId('abcDEF123')).toBe('abcDEF123')
  expect(wireCallId('t1.uptime')).toMatch(/^[A-Za-z0-9]{9}$/)
  expect(wireCallId('t1.uptime')).toBe(wireCallId('t1.uptime'))
  expect(wireCallId('t1.uptime')).not.toBe(wireCallId('t2.uptime'))
  expect(wireToolName('')).toBe('unnamed')
})
