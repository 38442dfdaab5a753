import { expect, test, vi } from 'vitest'
import type { Answer } from '#ui/api/request.ts'
import { Remote } from './Remote.svelte.ts'

const ok = (value: string): Answer<string> => ({ ok: true, value, status: 200 })
const offline: Answer<never> = { ok: false, failure: { kind: 'offline', detail: 'No answer.' } }

test('a failure leaves the last value and its time, and says why it is old', async () => {
  const read = vi
    .fn<() => Promise<Answer<string>>>()
    .mockResolvedValueOnce(ok('a'))
    .mockResolvedValueOnce(offline)
  const remote = new Remote(read, 'none.test')
  await remote.load()
  const { at } = remote
  expect([remote.value, remote.failure]).toEqual(['a', null])
  await remote.load()
  expect([remote.value, remote.failure, remote.at]).toEqual(['a', 'No answer.', at])
})

test('a call while a reading is under way is followed by one that is not too late', async () => {
  const answers = ['before', 'after']
  const read = vi.fn(() => Promise.resolve(ok(answers.shift() ?? 'too many')))
  const remote = new Remote(read, 'none.test')
  await Promise.all([remote.load(), remote.load(), remote.load()])
  expect(remote.value).toBe('after')
  expect(read).toHaveBeenCalledTimes(2)
})

test('what was known is known at the next start', async () => {
  const stored = new Map<string, string>()
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  })
  await new Remote(() => Promise.resolve(ok('known')), 'test.1').load()
  const next = new Remote(() => Promise.resolve(offline), 'test.1')
  expect(next.value).toBe('known')
  stored.set('breakglass.test.1', '{broken')
  expect(new Remote(() => Promise.resolve(offline), 'test.1').value).toBeNull()
  vi.unstubAllGlobals()
})

test('many changes are written once, and not at all when they were forgotten meanwhile', async () => {
  vi.useFakeTimers()
  const stored = new Map<string, string>()
  const setItem = vi.fn((key: string, value: string) => stored.set(key, value))
  vi.stubGlobal('localStorage', { getItem: (key: string) => stored.get(key) ?? null, setItem })
  const remote = new Remote(() => Promise.resolve(ok('a')), 'test.1')
  await remote.load()
  for (let at = 0; at < 1_000; at++) remote.change((value) => `${value}b`)
  expect(setItem).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(setItem).toHaveBeenCalledTimes(2)
  expect(stored.get('breakglass.test.1')).toContain(`a${'b'.repeat(1_000)}`)
  remote.change(() => 'secret')
  stored.clear()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(stored.size).toBe(0)
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

test('a change shows at once; a reading that may not know of it is followed by one that does', async () => {
  const readings: PromiseWithResolvers<Answer<string>>[] = []
  const read = vi.fn(() => {
    readings.push(Promise.withResolvers())
    return readings.at(-1)?.promise ?? Promise.resolve(offline)
  })
  const remote = new Remote(read, null)
  remote.change(() => 'not known yet')
  expect(remote.value).toBeNull()
  const first = remote.load()
  readings[0]?.resolve(ok('a'))
  await first
  const second = remote.load()
  remote.change((value) => `${value} changed`)
  expect(remote.value).toBe('a changed')
  readings[1]?.resolve(ok('a'))
  await vi.waitFor(() => expect(read).toHaveBeenCalledTimes(3))
  readings[2]?.resolve(ok('b'))
  await second
  expect(remote.value).toBe('b')
})

test('what is only remembered is not fresh', async () => {
  const remote = new Remote(vi.fn().mockResolvedValueOnce(ok('a')).mockResolvedValue(offline), null)
  expect(remote.fresh).toBe(false)
  await remote.load()
  await remote.load()
  expect([remote.fresh, remote.failure]).toEqual([true, 'No answer.'])
})
