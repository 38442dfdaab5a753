import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AppendOptions } from '#app/eventlog/EventLog.ts'
import { SqliteEventLog } from '#app/eventlog/SqliteEventLog.ts'
import { eventsPageSchema } from '#app/schema/api.ts'
import { eventsPage, type EventsPageRequest } from './eventsPage.ts'

const name = 'session:one'
const hostile = 'line\nbreak\r\n\n\0 \u2028 "quoted" \\ ünïcode 💥 \ud800'
let dir: string
let log: SqliteEventLog

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'page-'))
  log = new SqliteEventLog(dir)
})

afterEach(async () => {
  await log.close()
  await rm(dir, { recursive: true })
})

async function append(texts: string[], options?: AppendOptions): Promise<string> {
  const events = texts.map((text) => ({ kind: 'text', text }))
  const result = await log.append(name, await log.head(name), events, options)
  return result.ok ? result.batch.epoch : ''
}

async function page(asked: Partial<EventsPageRequest> = {}) {
  const signal = new AbortController().signal
  const text = await eventsPage(log, name, { limit: 100, waitMs: 0, signal, ...asked })
  return eventsPageSchema.parse(JSON.parse(text))
}

describe('a page of events', () => {
  test('is the stored events, with the epoch and the head', async () => {
    const epoch = await append(['a', hostile, 'c'])
    const { events, ...rest } = await page()
    expect(rest).toEqual({ epoch, head: 3 })
    expect(events.map(({ id, kind, text }) => [id, kind, text])).toEqual([
      [1, 'text', 'a'],
      [2, 'text', hostile],
      [3, 'text', 'c'],
    ])
  })

  test('holds at most `limit` and goes on after its last event', async () => {
    const epoch = await append(['a', 'b', 'c'])
    expect((await page({ limit: 2 })).events.map(({ id }) => id)).toEqual([1, 2])
    expect((await page({ after: '2' })).events.map(({ id }) => id)).toEqual([3])
    expect((await page({ after: `${epoch}.2` })).events.map(({ id }) => id)).toEqual([3])
    expect(await page({ after: '3' })).toEqual({ epoch, head: 3, events: [] })
  })

  test.each(['older.1', '4'])(
    'from %s, which does not stand, is told `reset` and begins at 1',
    async (after) => {
      await append(['a', 'b'])
      const { reset, events } = await page({ after })
      expect(reset).toEqual(expect.any(String))
      expect(events.map(({ id }) => id)).toEqual([1, 2])
    },
  )

  test('says how far the log was trimmed, and that a position below is gone', async () => {
    for (let i = 0; i < 20; i++) await append(['a', 'b', 'c'], { keep: 10 })
    const first = await page()
    expect(first.trimmed_to).toBeGreaterThan(0)
    expect(first.reset).toContain(String(first.trimmed_to))
    expect(first.events[0]?.id).toBe((first.trimmed_to ?? 0) + 1)
    const second = await page({ after: '58' })
    expect(second).toMatchObject({ trimmed_to: first.trimmed_to, head: 60 })
    expect(second).not.toHaveProperty('reset')
  })

  test('of an unknown stream is a not_found, unless it may be empty', async () => {
    await expect(page()).rejects.toMatchObject({ code: 'not_found' })
    expect(await page({ allowEmpty: true })).toEqual({ epoch: '', head: 0, events: [] })
  })

  test('with a malformed position is a bad_request', async () => {
    await append(['a'])
    await expect(page({ after: 'x.y' })).rejects.toMatchObject({ code: 'bad_request' })
  })
})

describe('a long poll', () => {
  test('at the head waits for the next event', async () => {
    await append(['a'])
    const waiting = page({ after: '1', waitMs: 20_000 })
    await append(['b'])
    expect((await waiting).events.map(({ id }) => id)).toEqual([2])
  })

  test('is answered at once where there is something to tell', async () => {
    await append(['a'])
    expect((await page({ after: '0', waitMs: 60_000 })).events).toHaveLength(1)
    expect((await page({ after: 'old.9', waitMs: 60_000 })).reset).toBeDefined()
  })

  test('ends empty when the time is over or the client is gone', async () => {
    const epoch = await append(['a'])
    const empty = { epoch, head: 1, events: [] }
    expect(await page({ after: '1', waitMs: 20 })).toEqual(empty)
    expect(await page({ after: '1', waitMs: 60_000, signal: AbortSignal.timeout(20) })).toEqual(empty)
    expect(await page({ after: '1', waitMs: 60_000, signal: AbortSignal.abort() })).toEqual(empty)
  })

  test('learns of a new epoch, and of the end of the stream', async () => {
    await append(['a'])
    const renewed = page({ after: '1', waitMs: 20_000 })
    const epoch = await append(['b'], { newEpoch: true })
    expect(await renewed).toMatchObject({ epoch, reset: expect.any(String), events: [{ id: 1 }, { id: 2 }] })
    const removed = page({ after: '2', waitMs: 20_000 })
    await log.remove(name)
    await expect(removed).rejects.toMatchObject({ code: 'not_found' })
  })

  test('of an empty stream waits for its first event', async () => {
    const waiting = page({ allowEmpty: true, waitMs: 20_000 })
    await append(['a'])
    expect((await waiting).events.map(({ id }) => id)).toEqual([1])
  })
})
