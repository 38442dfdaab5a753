import { afterEach, expect, it, vi } from 'vitest'
import type { EventLog } from '#app/eventlog/EventLog.ts'
import { toBatch } from '#app/eventlog/frame.ts'
import type { Operation } from '#app/schema/api.ts'
import type { Folded } from './foldOperations.ts'
import { VmHistory } from './VmHistory.ts'

afterEach(() => vi.useRealTimers())

const opOf = (number: number) => number.toString(16).padStart(32, '0')

/** A log whose two methods, the only ones that are called, are scripted. */
function historyOver(log: Pick<EventLog, 'head' | 'page'>) {
  const found: Operation[] = []
  const warn = vi.fn()
  const options = { log: log as EventLog, stream: 'vm:x', logger: { warn }, waitMs: 20 }
  return {
    history: new VmHistory({ ...options, found: ({ operations }: Folded) => found.push(...operations) }),
    found,
    warn,
  }
}

it('reads the newest events page by page, once', async () => {
  const head = vi.fn(() => Promise.resolve({ epoch: 'e', seq: 2000 }))
  const page = vi.fn((_stream: string, after: number) => {
    const events = Array.from({ length: 200 }, (_, index) => ({
      ...{ kind: 'requested', op: opOf(after + 1 + index), verb: 'stop', by: 'operator' },
    }))
    const batch = toBatch('e', after, events.slice(0, 2000 - after))
    return Promise.resolve({ epoch: 'e', head: 2000, trimmedTo: 0, batch })
  })
  const { history, found } = historyOver({ head, page })
  await Promise.all([history.recall(), history.recall()])
  await history.recall()
  expect(page.mock.calls.map(([, after]) => after)).toEqual([1500, 1700, 1900])
  expect(found).toHaveLength(500)
  expect(found.at(-1)).toMatchObject({ op: opOf(2000) })
})

it('waits for a log that hangs only for its time', async () => {
  const head = vi.fn(() => new Promise<never>(() => undefined))
  const { history, found } = historyOver({ head, page: head })
  await history.recall()
  await history.recall()
  expect(found).toEqual([])
  expect(head).toHaveBeenCalledOnce()
})

it('reads again, though not at once, where the log failed', async () => {
  vi.useFakeTimers()
  const head = vi.fn(() => Promise.reject(new Error('gone')))
  const { history, warn } = historyOver({ head, page: head })
  await history.recall()
  await history.recall()
  expect(head).toHaveBeenCalledOnce()
  expect(warn).toHaveBeenCalledOnce()
  await vi.advanceTimersByTimeAsync(31_000)
  await history.recall()
  expect(head).toHaveBeenCalledTimes(2)
})
