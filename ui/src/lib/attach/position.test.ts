import { expect, test } from 'vitest'
import { atStart, follow } from './position.ts'
import type { Message } from './readMessage.ts'

const at = { epoch: 'a', seq: 5 }
const event = (epoch: string, seq: number): Message => ({ type: 'event', epoch, seq, event: null })

test.each<[string, typeof at, Message, ReturnType<typeof follow>]>([
  ['the next event', at, event('a', 6), { type: 'take', position: { epoch: 'a', seq: 6 } }],
  ['the first event of all', atStart, event('b', 1), { type: 'take', position: { epoch: 'b', seq: 1 } }],
  ['an event seen before', at, event('a', 5), { type: 'repeat' }],
  ['an event beyond the next', at, event('a', 7), { type: 'hole' }],
  ['a log that does not begin at 1', atStart, event('a', 2), { type: 'hole' }],
  ['another epoch without a reset', at, event('b', 6), { type: 'hole' }],
  ['caught up where we are', at, { type: 'caught-up', head: 5 }, { type: 'note' }],
  ['caught up beyond what came', at, { type: 'caught-up', head: 6 }, { type: 'hole' }],
  ['caught up before what we have', at, { type: 'caught-up', head: 4 }, { type: 'hole' }],
  ['a reset', at, { type: 'reset', reason: '', head: 2 }, { type: 'drop-all' }],
  ['a ping', at, { type: 'ping' }, { type: 'note' }],
])('%s', (_, position, message, step) => {
  expect(follow(position, message)).toEqual(step)
})
