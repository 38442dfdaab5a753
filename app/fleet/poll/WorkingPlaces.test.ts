import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WorkingPlaces } from './WorkingPlaces.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('so many work at once, and who is done lets the next one in', async () => {
  const places = new WorkingPlaces(2, 2000)
  const [first] = [await places.take(), await places.take()]
  let third = false
  const waiting = places.take().then(() => (third = true))
  await vi.advanceTimersByTimeAsync(100)
  expect(third).toBe(false)
  first()
  await waiting
  expect(third).toBe(true)
})

test('who takes long only waits for its host, and gives its place back', async () => {
  const places = new WorkingPlaces(1, 2000)
  const release = await places.take()
  const second = places.take()
  await vi.advanceTimersByTimeAsync(2000)
  await second
  // It is no longer its to give.
  release()
  let third = false
  void places.take().then(() => (third = true))
  await vi.advanceTimersByTimeAsync(1999)
  expect(third).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(third).toBe(true)
})
