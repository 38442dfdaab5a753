import { expect, it } from 'vitest'
import { runCommand } from './runCommand.ts'

const options = { cwd: '.', limitS: 20 }

it.each([
  [['true'], null],
  [['sh', '-c', 'exit 3'], 'ended with exit code 3'],
  [['sh', '-c', 'kill -9 $$'], 'ended with SIGKILL'],
  [['/nowhere/at/all'], 'spawn /nowhere/at/all ENOENT'],
])('%j comes to %j', async (command, failure) => {
  expect(await runCommand(command, options)).toBe(failure)
})

it('kills a command that does not end, with all that it started', async () => {
  const command = ['sh', '-c', 'trap "" TERM; sleep 600 & wait']
  expect(await runCommand(command, { ...options, limitS: 0.2 })).toBe('did not end within 0.2 s')
})
