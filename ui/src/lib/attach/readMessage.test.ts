import { expect, test } from 'vitest'
import { readMessage } from './readMessage.ts'

const event = { kind: 'text', id: 7, at: '2026-11-20T02:51:07.000Z', text: 'hi' }

test('an event carries its epoch, its seq and all its fields', () => {
  const frame = { event: 'message', id: 'ab.cd.7', data: JSON.stringify(event) }
  expect(readMessage(frame)).toEqual({ type: 'event', epoch: 'ab.cd', seq: 7, event })
})

test.each([
  ['no JSON', '{"kind":'],
  ['no object', '[1]'],
  ['another seq than its id line', JSON.stringify({ ...event, id: 8 })],
  ['no kind', JSON.stringify({ ...event, kind: undefined })],
])('an event with %s keeps its place and says nothing', (_, data) => {
  expect(readMessage({ event: 'message', id: 'e.7', data })).toEqual({
    type: 'event',
    epoch: 'e',
    seq: 7,
    event: null,
  })
})

test.each([
  ['an event without a place', { event: 'message', data: JSON.stringify(event) }],
  ['a named event that we do not know', { event: 'surprise', data: '{}' }],
  ['caught-up without a head', { event: 'caught-up', data: '{}' }],
  ['a ping that is no JSON', { event: 'ping', data: 'x' }],
])('%s is nothing', (_, frame) => {
  expect(readMessage(frame)).toBeNull()
})

test.each([
  ['ping', '{}', { type: 'ping' }],
  ['gone', '{}', { type: 'gone' }],
  ['caught-up', '{"head":9}', { type: 'caught-up', head: 9 }],
  ['reset', '{"reason":"epoch","head":3}', { type: 'reset', reason: 'epoch', head: 3 }],
])('%s is read', (name, data, message) => {
  expect(readMessage({ event: name, data })).toEqual(message)
})
