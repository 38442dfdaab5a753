import { describe, expect, test } from 'vitest'
import type { Draft, SessionEvent } from '#app/schema/events.ts'
import { hasLooseText, isStubborn, judgeEnd, maxSteps, nudgeBeforeStep } from './judgeTurn.ts'
import { owedRead } from './readBack.ts'

const log = (...drafts: Draft<SessionEvent>[]): SessionEvent[] =>
  drafts.map((draft, at) => ({ ...draft, id: at + 1, at: new Date(at).toISOString() }))
const tool = (command: string, input: Record<string, unknown> = { command }) =>
  ({ kind: 'tool', name: 'shell', input, call: command }) as const
const output = (call: string, exit_code: number | null = 0, observed = 'target:web1') =>
  ({
    kind: 'tool_output',
    call,
    exit_code,
    stdout: '',
    stderr: '',
    truncated: false,
    duration_ms: 1,
    observed,
  }) as const
const run = (...commands: string[]) => commands.flatMap((command) => [tool(command), output(command)])
const started = (call: string, read_back = true) =>
  ({ kind: 'started', call, action: call, target: 'web1', place: 'target:web1', read_back }) as const

describe('the loop guard', () => {
  test.each([
    ['different calls', run('a', 'b', 'c', 'd'), null],
    ['the same call twice', run('a', 'a'), null],
    ['the same call three times', run('b', 'a', 'a', 'a'), /same call 3 times/],
    ['two calls in turns', run('a', 'b', 'a', 'b'), /back and forth/],
    [
      'five that answer with another exit code than 0',
      ['a', 'b', 'c', 'd', 'e'].flatMap((one) => [tool(one), output(one, 1)]),
      null,
    ],
    [
      'five that fail',
      ['a', 'b', 'c', 'd', 'e'].flatMap((one) => [tool(one), output(one, null)]),
      /all failed/,
    ],
    ['four failures', ['a', 'b', 'c', 'd'].flatMap((one) => [tool(one), output(one, null)]), null],
  ])('%s', (_name, drafts, text) => {
    const nudge = nudgeBeforeStep(log(...drafts), 't')
    if (text === null) expect(nudge).toBeNull()
    else
      expect(nudge).toMatchObject({ kind: 'nudge', loop: true, text: expect.stringMatching(text) as string })
  })

  test('the order of arguments makes no other call', () => {
    const calls = [tool('x', { a: 1, b: 2 }), tool('x', { b: 2, a: 1 }), tool('x', { a: 1, b: 2 })]
    expect(nudgeBeforeStep(log(...calls), 't')).not.toBeNull()
  })

  test('the second time the tools are taken away, and then nothing more is said', () => {
    const nudge = { kind: 'nudge', text: '', loop: true } as const
    const again = [...run('a', 'a', 'a'), nudge, ...run('a', 'a', 'a')]
    expect(nudgeBeforeStep(log(...again), 't')).toMatchObject({ conclude: true })
    const concluding = [...again, { ...nudge, conclude: true }]
    expect(nudgeBeforeStep(log(...concluding), 't')).toBeNull()
    expect(isStubborn(log(...concluding, tool('a')))).toBe(false)
    expect(isStubborn(log(...concluding, tool('a'), tool('a'), tool('a')))).toBe(true)
  })

  test('the last step is told to be the last', () => {
    const steps = Array.from({ length: maxSteps }, (_, at) => run(`call ${at}`)).flat()
    expect(nudgeBeforeStep(log(...steps.slice(2)), 't')).toBeNull()
    expect(nudgeBeforeStep(log(...steps), 't')).toMatchObject({ conclude: true })
  })
})

describe('reading back', () => {
  test.each([
    ['nothing changed', run('a'), null],
    ['a change', [tool('c'), started('c'), output('c')], 'c'],
    ['a change, then a look at it', [tool('c'), started('c'), output('c'), ...run('a')], null],
    [
      'a change, then a look elsewhere',
      [tool('c'), started('c'), output('c'), tool('a'), output('a', 0, 'target:web2')],
      'c',
    ],
    [
      'a change, then a look that did not run',
      [tool('c'), started('c'), output('c'), tool('a'), output('a', null)],
      'c',
    ],
    [
      'a change, then a look that got no answer from the machine',
      [tool('c'), started('c'), output('c'), tool('a'), { ...output('a', null), failed_leg: 'tcp' as const }],
      null,
    ],
    [
      'a change, then a call that says nothing of the machine',
      [tool('c'), started('c'), output('c'), tool('a'), { ...output('a'), observed: undefined }],
      'c',
    ],
    ['a change that was held back', [tool('c'), started('c'), { ...output('c', null), refused: true }], null],
    [
      'a change, then other words of the operator',
      [tool('c'), started('c'), output('c'), { kind: 'user', text: 'go', by: 'operator' } as const],
      null,
    ],
    ['a change that needs no look', [tool('c'), started('c', false), output('c')], null],
    ['a change of unknown outcome', [tool('c'), started('c'), output('c', null)], 'c'],
  ])('%s', (_name, drafts, owed) => {
    expect(owedRead(log(...drafts))?.action ?? null).toBe(owed)
  })

  test('the model is sent back twice, then the operator is told', () => {
    const changed = [tool('c'), started('c'), output('c')]
    const nudge = { kind: 'nudge', text: '' } as const
    expect(judgeEnd(log(...changed), 't')).toMatchObject({ kind: 'nudge' })
    expect(judgeEnd(log(...changed, nudge, nudge), 't')).toMatchObject({ kind: 'notice', level: 'warn' })
    expect(judgeEnd(log(...changed, ...run('a')), 't')).toBeNull()
  })
})

describe('what a process left behind', () => {
  const text = { kind: 'text', text: 'The di' } as const
  const takeover = { kind: 'takeover', from: 'a', to: 'b', reason: '' } as const
  test.each([
    ['words without an end', [text, takeover], true],
    ['words with their calls', [text, tool('a')], false],
    [
      'a cut-off that was told',
      [text, { kind: 'notice', text: '', level: 'info', again: true } as const],
      false,
    ],
    ['nothing', [], false],
  ])('%s', (_name, drafts, loose) => {
    expect(hasLooseText(log(...drafts))).toBe(loose)
  })
})
