import { expect, it } from 'vitest'
import { describeCommand } from './describeCommand.ts'

it.each([
  ['python3 train.py', 'python3 train.py'],
  [' python3\ttrain.py\u0000 ', 'python3 train.py'],
  [
    'curl -H "Authorization: Bearer abcdefghijklmnopqrstuvwxyz123456"',
    'curl -H "Authorization: Bearer [hidden: authorization]"',
  ],
])('%j is told as %j', (command, told) => {
  expect(describeCommand(command)).toBe(told)
})

it('is cut, also where the probe cut it, perhaps within a secret', () => {
  expect(describeCommand('a'.repeat(300))).toHaveLength(300)
  expect(describeCommand(`${'é '.repeat(160)}x`)).toMatch(/^(é )+é?…$/)
  const cut = `run ${'x'.repeat(380)} --password=hunter`.slice(0, 400)
  expect(describeCommand(cut)).not.toContain('hun')
  expect(describeCommand('z'.repeat(400))).toBe('…')
})
