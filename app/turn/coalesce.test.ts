import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { coalesce } from './coalesce.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('small pieces become one after 40 ms', () => {
  const emitted: string[] = []
  const text = coalesce((piece) => emitted.push(piece))
  text.push('a')
  vi.advanceTimersByTime(39)
  text.push('b')
  expect(emitted).toEqual([])
  vi.advanceTimersByTime(1)
  expect(emitted).toEqual(['ab'])
  vi.advanceTimersByTime(1000)
  expect(emitted).toEqual(['ab'])
})

test('4 KiB do not wait', () => {
  const emitted: string[] = []
  const text = coalesce((piece) => emitted.push(piece))
  text.push('x'.repeat(4095))
  text.push('y')
  expect(emitted).toEqual(['x'.repeat(4095) + 'y'])
})

test('a flush emits what waits, and nothing when nothing waits', () => {
  const emitted: string[] = []
  const text = coalesce((piece) => emitted.push(piece))
  text.flush()
  text.push('a')
  text.flush()
  vi.advanceTimersByTime(1000)
  expect(emitted).toEqual(['a'])
})
