import { expect, it } from 'vitest'
import { addPhase, readPhaseLine, withoutPhases } from './phaseLine.ts'

const at = '2026-11-27T03:00:00Z'

it('reads a step and when it was entered', () => {
  expect(readPhaseLine(`@phase stop ${at}`)).toEqual({ phase: 'stop', at })
})

it.each([
  'qm stop 102',
  '@phase stop',
  '@phase stop yesterday',
  `@phase Stop ${at}`,
  ` @phase stop ${at}`,
  `@phase stop ${at} more`,
  `@phase ${'x'.repeat(40)} ${at}`,
])('takes %j for output', (line) => {
  expect(readPhaseLine(line)).toBeUndefined()
  expect(withoutPhases(`${line}\n`)).toBe(`${line}\n`)
})

it('leaves the output as it is without its steps', () => {
  expect(withoutPhases(`a\n@phase stop ${at}\n\nb\n@phase start ${at}\n`)).toBe('a\n\nb\n')
})

it('knows a step that is told again', () => {
  const once = addPhase(undefined, { phase: 'stop', at })
  expect(addPhase(once, { phase: 'stop', at: '2026-11-27T03:00:09Z' })).toBe(once)
  expect(addPhase(once, { phase: 'start', at })).toHaveLength(2)
})
