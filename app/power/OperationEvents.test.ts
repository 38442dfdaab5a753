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
  const end = { ...outcome, rejected: false, op, duration_ms: 1 }
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
