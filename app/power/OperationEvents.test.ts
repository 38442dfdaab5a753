import { expect, it } from 'vitest'
import type { NewEvent } from '#app/eventlog/EventLog.ts'
import { OperationEvents } from './OperationEvents.ts'

const op = 'a'.repeat(32)

it('tells output in whole lines, without the closing line of JSON', () => {
  const told: NewEvent[] = []
  const events = new OperationEvents(op, (event) => told.push(event))
  for (const piece of ['qm st', 'op 100\nqm start 100\n{"op"', ':"x"}\n']) events.output('stdout', piece)
  events.output('stderr', 'a warning\n')
  expect(told).toEqual([
    { kind: 'output', op, stream: 'stdout', text: 'qm stop 100\nqm start 100\n' },
    { kind: 'output', op, stream: 'stderr', text: 'a warning\n' },
  ])
})

it('tells an unfinished last line before the outcome, once', () => {
  const told: NewEvent[] = []
  const events = new OperationEvents(op, (event) => told.push(event))
  events.output('stderr', 'warning\ncannot lo')
  events.output('stdout', '{"op":"x"}')
  const outcome = { verb: 'stop', outcome: 'unknown', exit_code: null, stdout: '', stderr: '' } as const
  const end = { result: { ...outcome, rejected: false, op, duration_ms: 1 } }
  events.outcome(end)
  events.outcome(end)
  expect(told).toMatchObject([
    { kind: 'output', stream: 'stderr', text: 'warning\n' },
    { kind: 'output', stream: 'stderr', text: 'cannot lo\n' },
    { kind: 'outcome' },
    { kind: 'outcome' },
  ])
})

it('tells at most 64 KiB of an operation', () => {
  const told: NewEvent[] = []
  const events = new OperationEvents(op, (event) => told.push(event))
  for (let piece = 0; piece < 200; piece += 1) events.output('stdout', `${'x'.repeat(1000)}\n`)
  expect(told.reduce((sum, { text }) => sum + String(text).length, 0)).toBeLessThanOrEqual(
    64 * 1024 + told.length,
  )
})

it('tells the steps of an operation as events of their own, in the order of its output', () => {
  const told: NewEvent[] = []
  const entered: string[] = []
  const events = new OperationEvents(
    op,
    (event) => told.push(event),
    ({ phase }) => entered.push(phase),
  )
  const at = '2026-11-27T03:00:00Z'
  for (const piece of [`@phase preflight ${at}\n@pha`, `se forensics ${at}\nqm stop\n@phase stop ${at}\n`])
    events.output('stdout', piece)
  events.output('stderr', `@phase start ${at}\n`)
  expect(told).toEqual([
    { kind: 'preflight', op, began_at: at },
    { kind: 'forensics', op, began_at: at },
    { kind: 'output', op, stream: 'stdout', text: 'qm stop\n' },
    { kind: 'phase', op, phase: 'stop', began_at: at },
    { kind: 'output', op, stream: 'stderr', text: `@phase start ${at}\n` },
  ])
  expect(entered).toEqual(['preflight', 'forensics', 'stop'])
})

it('tells why an operation ended so, whether a report is kept, and that its end was found out later', () => {
  const told: NewEvent[] = []
  const events = new OperationEvents(op, (event) => told.push(event))
  const refused = { verb: 'cycle', outcome: 'refused', exit_code: null, rejected: true } as const
  const result = { ...refused, stdout: '', stderr: '', op, duration_ms: 1, reason: 'no_quorum' }
  events.outcome({ result, detail: 'No quorum.', forensics: false }, true)
  expect(told).toMatchObject([
    {
      kind: 'outcome',
      detail: 'No quorum.',
      reason: 'no_quorum',
      forensics: false,
      resolved: true,
    },
  ])
})
