import { expect, test, vi } from 'vitest'
import type { Answer } from '#ui/api/request.ts'
import { Answerer } from './Answerer.svelte.ts'
import { Decider } from './Decider.svelte.ts'

const taken: Answer<unknown> = { ok: true, value: {}, status: 200 }
const offline: Answer<unknown> = { ok: false, failure: { kind: 'offline', detail: 'No answer.' } }
const refused = (status: number, detail: string): Answer<unknown> => ({
  ok: false,
  failure: { kind: 'refused', status, code: 'x', detail, requestId: '', fields: {} },
})

test('a decision that is taken is not sent again', async () => {
  const send = vi.fn(async () => taken)
  const decider = new Decider(send)
  await decider.decide('approve')
  await decider.decide('deny')
  expect(send.mock.calls).toEqual([['approve', undefined]])
  expect(decider.deciding).toEqual({ step: 'taken', decision: 'approve' })
})

test('two presses at once send one decision', async () => {
  const send = vi.fn(async () => taken)
  const decider = new Decider(send)
  await Promise.all([decider.decide('approve'), decider.decide('approve')])
  expect(send).toHaveBeenCalledOnce()
})

test.each([
  ['was decided by another', refused(409, 'kim denied it first.'), 'kim denied it first.'],
  ['has expired', refused(410, 'This approval has expired.'), 'This approval has expired.'],
])('an approval that %s says so and cannot be decided again', async (_, answer, why) => {
  const send = vi.fn(async () => answer)
  const decider = new Decider(send)
  await decider.decide('approve')
  await decider.decide('approve')
  expect(decider.deciding).toEqual({ step: 'over', why })
  expect(send).toHaveBeenCalledOnce()
})

test.each([
  ['without an answer', offline, 'No answer. It may not have arrived.'],
  [
    'that the server could not take',
    refused(503, 'The log is away.'),
    'The log is away. It may not have arrived.',
  ],
  ['that is not allowed', refused(403, 'Viewers only look.'), 'Not decided. Viewers only look.'],
])('a decision %s can be made again', async (_, answer, words) => {
  const send = vi.fn(async () => answer)
  const decider = new Decider(send)
  await decider.decide('deny', ' too risky ')
  expect(decider.deciding).toMatchObject({ step: 'open', refusal: expect.stringContaining(words) })
  await decider.decide('deny', ' ')
  expect(send.mock.calls).toEqual([
    ['deny', 'too risky'],
    ['deny', undefined],
  ])
})

test('an answer is sent once, and again only when it was not taken', async () => {
  const send = vi.fn<() => Promise<Answer<unknown>>>(async () => offline)
  const answerer = new Answerer(send)
  await answerer.answer('  ')
  expect(send).not.toHaveBeenCalled()
  await answerer.answer(' yes ')
  expect(answerer.answering).toEqual({ step: 'open', refusal: 'Not answered. No answer.' })
  send.mockResolvedValue(taken)
  await answerer.answer('yes')
  await answerer.answer('no')
  expect(send.mock.calls).toEqual([['yes'], ['yes']])
  expect(answerer.answering).toEqual({ step: 'taken', text: 'yes' })
})

test('a question that was answered by another says so', async () => {
  const answerer = new Answerer(async () => refused(409, 'This question is answered.'))
  await answerer.answer('yes')
  expect(answerer.answering).toEqual({ step: 'over', why: 'This question is answered.' })
})
