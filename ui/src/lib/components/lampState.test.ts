import { expect, test } from 'vitest'
import type { Link } from '#ui/attach/Attachment.ts'
import type { Reach } from '#ui/state/Connection.svelte.ts'
import { linkLamp, reachLamp } from './lampState.ts'

const online: Reach = { state: 'online' }
const offline: Reach = { state: 'offline', since: 0 }
const attached: Link = { state: 'attached' }
const reconnecting: Link = { state: 'reconnecting', attempt: 2, why: '' }

test.each<[string, Link, Reach, boolean, string, string | null]>([
  ['attached', attached, online, true, 'attached', '2 s'],
  ['still reading the log', attached, online, false, 'reading', '2 s'],
  ['attached although another request failed', attached, offline, true, 'attached', '2 s'],
  ['between two connections', reconnecting, online, true, 'reconnecting', null],
  ['without the server', reconnecting, offline, true, 'offline', null],
  ['ended', { state: 'ended', why: 'gone', detail: '' }, online, true, 'detached', null],
  ['signed out', attached, { state: 'signed_out' }, true, 'signed out', null],
])('%s', (_, link, reach, caughtUp, words, age) => {
  expect(linkLamp(link, reach, caughtUp, 1_000, 3_500)).toMatchObject({ words, age })
})

test('a screen without a stream says when the server was heard', () => {
  expect(reachLamp(online, 1_000, 61_000)).toEqual({ tone: 'live', words: 'connected', age: '1 min' })
  expect(reachLamp({ state: 'asking' }, null, 0)).toEqual({ tone: 'waiting', words: 'connecting', age: null })
})
