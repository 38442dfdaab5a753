import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Batch } from '#app/eventlog/EventLog.ts'
import { cutBatch, toBatch } from '#app/eventlog/frame.ts'
import { FrameWindow } from './FrameWindow.ts'

const epoch = 'e1'
const at = new Date(0)
/** Events `first…last`, each of which is the same text however it is cut. */
const batch = (first: number, last: number, size = 10): Batch =>
  toBatch(
    epoch,
    first - 1,
    Array.from({ length: last - first + 1 }, () => ({ kind: 'text', text: 'x'.repeat(size) })),
    at,
  )

/** Reads all that lies after `seq`, run by run. */
function readFrom(window: FrameWindow, seq: number): { text: string; last: number } {
  let text = ''
  for (let run = window.after(seq); run !== null; run = window.after(seq)) {
    expect(run.first).toBe(seq + 1)
    text += run.frames.toString()
    seq = run.last
  }
  return { text, last: seq }
}

describe('FrameWindow', () => {
  test('small batches join into one run that can be read from any seq', () => {
    const window = new FrameWindow(epoch)
    for (let seq = 1; seq <= 30; seq++) window.push(batch(seq, seq))
    expect(readFrom(window, 0).text).toBe(batch(1, 30).frames.toString())
    expect(readFrom(window, 17).text).toBe(batch(18, 30).frames.toString())
    expect(window.after(30)).toBeNull()
  })

  test('what was handed out stays as it was when more is pushed', () => {
    const window = new FrameWindow(epoch)
    window.push(batch(1, 1))
    const run = window.after(0)
    window.push(batch(2, 2))
    expect(run?.frames.toString()).toBe(batch(1, 1).frames.toString())
  })

  test('a page fills the hole before what is live, without overlap', () => {
    const window = new FrameWindow(epoch)
    window.push(batch(8, 9))
    window.insert(batch(3, 9), 9, 1e6)
    window.insert(batch(3, 9), 9, 1e6)
    expect(readFrom(window, 2).text).toBe(batch(3, 9).frames.toString())
    expect(window.after(1)).toBeNull()
  })

  test('a page that runs ahead of what was told live is kept only as far as that', () => {
    const window = new FrameWindow(epoch)
    window.insert(batch(1, 9), 5, 1e6)
    window.push(batch(6, 7))
    expect(readFrom(window, 0).text).toBe(batch(1, 7).frames.toString())
  })

  test('keeps the newest within its bound', () => {
    const window = new FrameWindow(epoch)
    for (let seq = 1; seq <= 300; seq++) {
      window.push(batch(seq, seq, 1000))
      window.shrinkTo(200_000)
      expect(window.bytes).toBeLessThanOrEqual(200_000)
    }
    expect(window.after(0)).toBeNull()
    expect(readFrom(window, 290).last).toBe(300)
    window.insert(batch(1, 100, 1000), 300, 200_000)
    expect(window.after(0)).toBeNull()
  })

  test('whatever is pushed and inserted, what is read is exactly the log', () => {
    const step = fc.record({ live: fc.boolean(), from: fc.nat(60), count: fc.integer({ min: 1, max: 9 }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 200, max: 9000 }), (steps, bound) => {
        const log = batch(1, 400)
        const window = new FrameWindow(epoch)
        let head = 0
        for (const { live, from, count } of steps) {
          const after = live ? head : Math.min(from, head)
          const piece = cutBatch(log, after, count)
          if (piece === null) continue
          if (live) {
            window.push(piece)
            head = piece.last
          } else {
            window.insert(piece, head, bound)
          }
          window.shrinkTo(bound)
        }
        for (let seq = 0; seq < head; seq++) {
          const run = window.after(seq)
          if (run === null) continue
          expect(run.last).toBeLessThanOrEqual(head)
          expect(run).toEqual(cutBatch(log, seq, run.last - seq))
        }
        if (head > 0) expect(window.after(head - 1)).not.toBeNull()
      }),
    )
  })
})
