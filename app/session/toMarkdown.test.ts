import { expect, test } from 'vitest'
import type { SessionDraft, SessionEvent } from '#app/schema/events.ts'
import { toMarkdown } from './toMarkdown.ts'

const at = '2026-01-02T03:04:05.000Z'
const numbered = (...drafts: SessionDraft[]): SessionEvent[] =>
  drafts.map((draft, index) => ({ ...draft, id: index + 1, at }))

test('pieces of one answer are one paragraph', () => {
  const text = toMarkdown('T', numbered({ kind: 'text', text: 'All is ' }, { kind: 'text', text: 'well.' }))
  expect(text).toBe('# T\n\nAll is well.\n')
})

test('an output cannot end its own fence', () => {
  const output = {
    call: 'c',
    exit_code: 0,
    stdout: 'a\n```\n# forged',
    stderr: '',
    truncated: false,
    duration_ms: 5,
  }
  const text = toMarkdown('T', numbered({ kind: 'tool_output', ...output }))
  expect(text).toContain('````text\na\n```\n# forged\n````')
})

test('a title and a name cannot begin a line of their own', () => {
  const text = toMarkdown('a\n# b', numbered({ kind: 'user', text: 'hi\n# there', by: 'x\n# y' }))
  expect(text.split('\n').filter((line) => line.startsWith('#'))).toEqual(['# a # b', `## x # y, ${at}`])
})

test('a command that did not run says which leg failed', () => {
  const output = { call: 'c', exit_code: null, stdout: '', stderr: 'no', truncated: false, duration_ms: 5 }
  const text = toMarkdown('T', numbered({ kind: 'tool_output', ...output, failed_leg: 'tcp' }))
  expect(text).toContain('no exit code (tcp)')
})
