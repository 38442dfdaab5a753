import { describe, expect, it } from 'vitest'
import { Slots } from './Slots.ts'

const slots = (given: Partial<{ limit: number; maxWaiting: number; waitMs: number }> = {}) =>
  new Slots('root@vm port 22', { limit: 1, maxWaiting: 2, waitMs: 60_000, ...given })

describe('slots', () => {
  it('are handed on in the order of asking', async () => {
    const subject = slots()
    const order: number[] = []
    expect(await subject.take()).toBeNull()
    const waiting = [1, 2].map((n) => subject.take().then(() => order.push(n)))
    subject.release()
    subject.release()
    await Promise.all(waiting)
    expect(order).toEqual([1, 2])
    expect(subject.idle).toBe(false)
    subject.release()
    expect(subject.idle).toBe(true)
  })

  it('refuse one more than may wait, at once', async () => {
    const subject = slots()
    await subject.take()
    const waiting = [subject.take(), subject.take()]
    expect(await subject.take()).toMatchObject({
      leg: 'command',
      failure: expect.stringContaining('2 commands already wait') as string,
    })
    subject.release()
    subject.release()
    expect(await Promise.all(waiting)).toEqual([null, null])
  })

  it('are not waited for longer than allowed', async () => {
    const subject = slots({ waitMs: 5 })
    await subject.take()
    expect(await subject.take()).toMatchObject({ leg: 'command' })
  })

  it('lose no place to one who cancelled', async () => {
    const subject = slots()
    await subject.take()
    const cancel = new AbortController()
    const cancelled = subject.take(cancel.signal)
    const next = subject.take()
    cancel.abort()
    expect(await cancelled).toMatchObject({ leg: 'cancelled' })
    subject.release()
    expect(await next).toBeNull()
    expect(await subject.take(cancel.signal)).toMatchObject({ leg: 'cancelled' })
  })
})
