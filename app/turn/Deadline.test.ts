import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Deadline } from './Deadline.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

test('ends when its time is used up, and leaves no timer', async () => {
  const deadline = new Deadline(1000)
  await pass(999)
  expect(deadline.signal.aborted).toBe(false)
  await pass(1)
  expect(deadline.signal.aborted).toBe(true)
  expect(vi.getTimerCount()).toBe(0)
})

test('stands still during a wait, and goes on with what was left', async () => {
  const deadline = new Deadline(1000)
  await pass(600)
  const answer = Promise.withResolvers<string>()
  const wait = deadline.during(() => answer.promise)
  await pass(60_000)
  expect(deadline.signal.aborted).toBe(false)
  answer.resolve('yes')
  expect(await wait).toBe('yes')
  await pass(399)
  expect(deadline.signal.aborted).toBe(false)
  await pass(1)
  expect(deadline.signal.aborted).toBe(true)
})

test('of several waits at once the last one to end lets it go on, one that fails too', async () => {
  const deadline = new Deadline(1000)
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const waits = [deadline.during(() => first.promise), deadline.during(() => second.promise)]
  await pass(5000)
  first.resolve()
  await waits[0]
  await pass(5000)
  expect(deadline.signal.aborted).toBe(false)
  second.reject(new Error('stopped'))
  await expect(waits[1]).rejects.toThrow('stopped')
  await pass(1000)
  expect(deadline.signal.aborted).toBe(true)
})

test('a wait that ends after the stop starts no timer again', async () => {
  const deadline = new Deadline(1000)
  const answer = Promise.withResolvers<void>()
  const wait = deadline.during(() => answer.promise)
  deadline.stop()
  answer.resolve()
  await wait
  expect(vi.getTimerCount()).toBe(0)
  await pass(5000)
  expect(deadline.signal.aborted).toBe(false)
})
