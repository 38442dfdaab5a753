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

test('what was held back says that it was refused', () => {
  const output = { call: 'c', exit_code: null, stdout: '', stderr: 'no', truncated: false, duration_ms: 0 }
  const text = toMarkdown('T', numbered({ kind: 'tool_output', ...output, refused: true }))
  expect(text).toContain('_refused: nothing was run, 0 ms_')
  expect(text).not.toContain('no exit code')
})

const said = (text: string): SessionDraft => ({ kind: 'text', text })
const again: SessionDraft = { kind: 'notice', text: 'Asked anew.', level: 'info', again: true }
const takeover: SessionDraft = { kind: 'takeover', from: 'a', to: 'b', reason: 'Taken over.' }
const finding: SessionDraft = { kind: 'finding', probe: 'p', level: 'ok', text: 'Half' }
const called: SessionDraft = { kind: 'tool', name: 'shell', input: { command: 'df' }, call: 'c' }
const output = { call: 'c', exit_code: 0, stdout: 'x', stderr: '', truncated: false, duration_ms: 1 }

test.each<[string, SessionDraft[], string[], string[]]>([
  ['a step asked anew', [said('Half'), said(' of it'), again, said('Whole')], ['Whole'], ['Half', 'of it']],
  ['a take-over', [said('Half'), finding, takeover, said('Whole')], ['Taken over.', 'Whole'], ['Half']],
  [
    'the second step of two',
    [said('First'), called, { kind: 'tool_output', ...output }, said('Half'), again, said('Whole')],
    ['First', '$ df', 'Whole'],
    ['Half'],
  ],
  ['another notice', [said('First'), { kind: 'notice', text: 'Slow.', level: 'info' }], ['First'], []],
  ['a take-over after the call', [said('First'), called, takeover], ['First', '$ df'], []],
  [
    'a take-over in a later turn',
    [said('First'), { kind: 'turn_end', reason: 'done' }, { kind: 'user', text: 'x', by: 'o' }, takeover],
    ['First'],
    [],
  ],
])('%s strikes what its step has said, and nothing else', (_what, drafts, kept, struck) => {
  const text = toMarkdown('T', numbered(...drafts))
  for (const one of kept) expect(text).toContain(one)
  for (const one of struck) expect(text).not.toContain(one)
})
