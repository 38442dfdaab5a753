import { expect, test } from 'vitest'
import type { Draft, SessionEvent } from '#app/schema/events.ts'
import { spokenText } from './spokenText.ts'

const spoken = (...drafts: Draft<SessionEvent>[]): string =>
  spokenText(drafts.map((draft, at) => ({ ...draft, id: at + 1, at: '' })))
const text = (words: string) => ({ kind: 'text', text: words }) as const
const tool = { kind: 'tool', name: 'shell', input: {}, call: 'a' } as const
const again = { kind: 'notice', text: 'cut off', level: 'warn', again: true } as const

test('the words of each step are a paragraph', () => {
  expect(spoken(text('Let me '), text('look.'), tool, text('It is full.\n'))).toBe(
    'Let me look.\n\nIt is full.',
  )
})

test('what a broken-off step said is left out, what stood before it is not', () => {
  expect(spoken(text('Let me look.'), tool, text('It i'), again, text('It is full.'))).toBe(
    'Let me look.\n\nIt is full.',
  )
})

test('a turn without words has none', () => {
  expect(spoken(tool, text(' \n'))).toBe('')
})
