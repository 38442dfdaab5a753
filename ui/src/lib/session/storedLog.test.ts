import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { recallLog, rememberLog } from './storedLog.ts'

beforeEach(() => {
  const stored = new Map<string, string>()
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  })
})
afterEach(() => vi.unstubAllGlobals())

const position = { epoch: 'e', seq: 2 }
let read: number
/** An event of about `length` characters that counts how often it is written out. */
const event = (id: number, length: number) => ({
  kind: 'text',
  id,
  at: '',
  text: 'x'.repeat(length),
  toJSON() {
    read++
    return { kind: 'text', id, at: '', text: this.text }
  },
})

test('a log is remembered for its session alone', () => {
  read = 0
  rememberLog({ sessionId: 's', position, events: [event(1, 10)] }, 7)
  expect(recallLog('s')).toMatchObject({ sessionId: 's', position, at: 7, events: [{ id: 1 }] })
  expect(recallLog('other')).toBeNull()
})

test('a log that is too long is not kept, and is not read beyond the bound', () => {
  rememberLog({ sessionId: 's', position, events: [event(1, 10)] }, 7)
  read = 0
  rememberLog(
    { sessionId: 's', position, events: Array.from({ length: 50 }, (_, n) => event(n, 200_000)) },
    8,
  )
  expect(recallLog('s')).toBeNull()
  expect(read).toBe(3)
})
