import { describe, expect, test } from 'vitest'
import { CaptureProgress } from './captureProgress.ts'

/** Told texts with the second in which they were told; `second` passes one. */
function capture() {
  const told: { at: number; text: string }[] = []
  let act: (() => void) | undefined
  let at = 0
  const progress = new CaptureProgress(
    (text) => told.push({ at, text }),
    (ms, tick) => {
      expect(ms).toBe(1000)
      act = tick
      return () => (act = undefined)
    },
  )
  const second = (text = ''): void => {
    at++
    if (text !== '') progress.add(text)
    act?.()
  }
  return { told, progress, second, isTicking: () => act !== undefined }
}

describe('progress of a call', () => {
  test('is told after a second, then ever more rarely, and nothing gets lost between', () => {
    const { told, second } = capture()
    for (let at = 1; at <= 45; at++) second(`${at}\n`)
    expect(told.map(({ at }) => at)).toEqual([1, 3, 7, 15, 25, 35, 45])
    expect(told.map(({ text }) => text).join('')).toBe(
      Array.from({ length: 45 }, (_, at) => `${at + 1}\n`).join(''),
    )
  })

  test('of a call that was silent for long comes at once', () => {
    const { told, second } = capture()
    for (let at = 1; at < 100; at++) second()
    second('now')
    expect(told).toEqual([{ at: 100, text: 'now' }])
  })

  test('is 60 events at most, of 1 KiB each, whatever the call prints', () => {
    const { told, second, isTicking } = capture()
    for (let at = 1; at <= 2000; at++) second('ä€😀'.repeat(5000))
    expect(told).toHaveLength(60)
    for (const { text } of told) {
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1024)
      expect(Buffer.byteLength(text)).toBeGreaterThan(1000)
      expect(text).toMatch(/^…[ä€😀]+$/u)
    }
    expect(isTicking()).toBe(false)
  })

  test('of a short piece is the whole piece', () => {
    const { told, second } = capture()
    second('x'.repeat(1024))
    expect(told[0]?.text).toBe('x'.repeat(1024))
  })

  test('ends with the call', () => {
    const { told, progress, second } = capture()
    progress.stop()
    second('late')
    expect(told).toEqual([])
  })
})
