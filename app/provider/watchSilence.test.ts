import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchSilence } from './watchSilence.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('silence ends the request after its limit, not before', () => {
  const silence = watchSilence(120_000, new AbortController().signal)
  vi.advanceTimersByTime(119_999)
  expect([silence.fired(), silence.signal.aborted]).toEqual([false, false])
  vi.advanceTimersByTime(1)
  expect([silence.fired(), silence.signal.aborted]).toEqual([true, true])
})

test('a reader who takes its time is no silence; it counts anew when the reader is back', () => {
  const silence = watchSilence(1000, new AbortController().signal)
  silence.pause()
  vi.advanceTimersByTime(60_000)
  silence.resume()
  vi.advanceTimersByTime(999)
  expect(silence.fired()).toBe(false)
  vi.advanceTimersByTime(1)
  expect(silence.fired()).toBe(true)
})

test('a cancel ends the request and is no silence, also one that came before', () => {
  const outer = new AbortController()
  const silence = watchSilence(1000, outer.signal)
  outer.abort()
  expect([silence.fired(), silence.signal.aborted]).toEqual([false, true])
  expect(watchSilence(1000, outer.signal).signal.aborted).toBe(true)
})

test('what has stopped leaves no timer', () => {
  const silence = watchSilence(1000, new AbortController().signal)
  silence.stop()
  silence.resume()
  expect(vi.getTimerCount()).toBe(0)
  expect(silence.signal.aborted).toBe(true)
})
