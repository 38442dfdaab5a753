import { expect, test } from 'vitest'
import { AppError } from '#app/errors.ts'
import type { PowerResult } from '#app/schema/api.ts'
import { presetFileSchema, type Preset } from '#app/schema/preset.ts'
import type { ExecRequest, Runner } from '#app/ssh/Runner.ts'
import { powerTool } from './power.ts'
import { createRegistry } from './registry.ts'
import { shellTool } from './shell.ts'

const preset: Preset = {
  ...presetFileSchema.parse({
    id: 'p',
    label: 'P',
    icon: 'p',
    description: 'd',
    prompt: 'p',
    runbook: { probes: [{ id: 'u', title: 'u', command: 'cat /proc/uptime', parser: 'answers' }] },
  }),
  guidance: '',
}
const context = { target: 'devvm', signal: new AbortController().signal }

function withRunner() {
  const asked: ExecRequest[] = []
  const runner: Runner = {
    exec: (request) => {
      asked.push(request)
      return Promise.resolve({ exitCode: 0, stdout: 'ran', stderr: '', truncated: false, durationMs: 1 })
    },
  }
  const shell = shellTool({
    presets: [preset],
    runnerOf: (target) => (target === 'devvm' ? runner : undefined),
  })
  return { asked, shell, tools: createRegistry([shell]) }
}

test('a preset’s command runs on the session’s target, as it is written, within its own time', async () => {
  const { asked, shell, tools } = withRunner()
  expect(await tools.run('shell', { command: 'cat /proc/uptime', timeout_s: 3 }, context)).toMatchObject({
    stdout: 'ran',
  })
  expect(asked).toMatchObject([{ command: 'cat /proc/uptime', timeoutMs: 3000 }])
  expect(shell.mutates({ command: 'cat /proc/uptime' })).toBe(false)
})

test.each(['rm -rf /', 'cat /proc/uptime ', 'cat /proc/uptime; reboot', 'cat /proc/uptime\nreboot'])(
  '%j is no preset’s command: it mutates, and is refused unrun',
  async (command) => {
    const { asked, shell, tools } = withRunner()
    expect(shell.mutates({ command })).toBe(true)
    expect(await tools.run('shell', { command }, context)).toMatchObject({
      exitCode: null,
      failedLeg: 'command',
    })
    expect(asked).toEqual([])
  },
)

test('a target that is not configured is the leg `name`', async () => {
  const { tools } = withRunner()
  const input = { command: 'cat /proc/uptime', target: 'elsewhere' }
  expect(await tools.run('shell', input, context)).toMatchObject({
    failedLeg: 'name',
    failure: 'There is no target "elsewhere".',
  })
})

test.each([
  ['shell', {}],
  ['shell', { command: 7 }],
  ['shell', null],
  ['shell', { command: 'cat /proc/uptime', timeout_s: 1e9 }],
  ['rm', { command: 'cat /proc/uptime' }],
])('%s called with %j ends in a result that says why', async (name, input) => {
  const { asked, tools } = withRunner()
  const result = await tools.run(name, input, context)
  expect(result).toMatchObject({ exitCode: null, failedLeg: 'command' })
  expect(result.failure).not.toBe('')
  expect(asked).toEqual([])
})

test('after a cancel nothing begins', async () => {
  const { asked, tools } = withRunner()
  const signal = AbortSignal.abort()
  expect(await tools.run('shell', { command: 'cat /proc/uptime' }, { ...context, signal })).toMatchObject({
    failedLeg: 'cancelled',
  })
  expect(asked).toEqual([])
})

const answer: PowerResult = {
  verb: 'status',
  exit_code: null,
  stdout: '',
  stderr: 'no route',
  rejected: true,
  outcome: 'refused',
  op: 'a'.repeat(32),
  failed_leg: 'tcp',
  duration_ms: 12,
}

test('the power tool looks by the buttons’ own way, and tells the failed leg', async () => {
  const asked: unknown[] = []
  const tools = createRegistry([
    powerTool({
      power: {
        run: (vm, verb, { op }) => {
          asked.push([vm, verb, /^[0-9a-f]{32}$/.test(op)])
          return Promise.resolve(answer)
        },
      },
    }),
  ])
  expect(await tools.run('power', { verb: 'status', vm: 'dev' }, context)).toEqual({
    exitCode: null,
    stdout: '',
    stderr: 'no route',
    truncated: false,
    durationMs: 12,
    failedLeg: 'tcp',
  })
  expect(asked).toEqual([['dev', 'status', true]])
})

test.each(['reset', 'stop', 'start', 'cycle'])('the verb %s is none of its arguments', async (verb) => {
  const tools = createRegistry([powerTool({ power: { run: () => Promise.reject(new Error('asked')) } })])
  expect(await tools.run('power', { verb, vm: 'dev' }, context)).toMatchObject({
    exitCode: null,
    failedLeg: 'command',
  })
})

test('an unknown VM is data, not an exception', async () => {
  const run = () => Promise.reject(new AppError('not_found', 'There is no VM "x".'))
  const tools = createRegistry([powerTool({ power: { run } })])
  expect(await tools.run('power', { verb: 'status', vm: 'x' }, context)).toMatchObject({
    failedLeg: 'name',
    failure: 'There is no VM "x".',
  })
})
