import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Change, EventLog, NewEvent, Position, StoredEvent } from './EventLog.ts'
import { createEpoch, createTicket, parseFrames, toBatch } from './frame.ts'

export interface LogUnderTest {
  log: EventLog
  /** Ends the storage as abruptly as it can and starts it again; from then on `log` is the one to use. */
  restart(): Promise<void>
  /** The storage loses everything. */
  lose(): Promise<void>
  close(): Promise<void>
}

const none: Position = { epoch: '', seq: 0 }
const text = (value: unknown): NewEvent => ({ kind: 'text', text: value })
const texts = (count: number, word = 'e'): NewEvent[] =>
  Array.from({ length: count }, (_, i) => text(`${word}${i + 1}`))
const newStream = (word = 'session'): string => `${word}:${randomUUID()}`

/** Appends and returns the position after it; fails the test if the append is refused. */
export async function appendAt(
  log: EventLog,
  stream: string,
  at: Position,
  events: NewEvent[],
): Promise<Position> {
  const result = await log.append(stream, at, events)
  if (!result.ok) throw new Error(`refused: ${result.reason} at ${result.epoch}.${result.head}`)
  return { epoch: result.batch.epoch, seq: result.batch.last }
}

/** Everything in the stream after `after`, page by page; checks that pages are contiguous and labelled alike. */
export async function readAll(log: EventLog, stream: string, after = 0, limit = 500): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  for (let at = after; ;) {
    const page = await log.page(stream, at, limit)
    if (page.batch === null) {
      expect(page.head).toBeLessThanOrEqual(Math.max(at, after))
      return events
    }
    const { first, last, frames, epoch } = page.batch
    expect(first).toBe(Math.max(at, page.trimmedTo) + 1)
    expect(last - first + 1).toBeLessThanOrEqual(limit)
    expect(epoch).toBe(page.epoch)
    expect(frames.toString().match(/^id: .*$/gm)).toEqual(
      range(first, last).map((seq) => `id: ${epoch}.${seq}`),
    )
    events.push(...parseFrames(frames))
    at = last
  }
}

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i)
export const seqs = (events: StoredEvent[]): number[] => events.map((event) => event.id)

/** Records what a follower is told; a `reset` empties it. */
export function recordFollower(log: EventLog, stream: string, from: Position) {
  const told: StoredEvent[] = []
  const changes: Change[] = []
  const wakers = new Set<() => void>()
  const stop = log.follow(stream, from, (change) => {
    changes.push(change)
    if (change.type === 'reset') told.length = 0
    else told.push(...parseFrames(change.batch.frames))
    for (const wake of wakers) wake()
  })
  const when = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return
        wakers.delete(look)
        resolve()
      }
      wakers.add(look)
      look()
    })
  const lastId = (): number => told.at(-1)?.id ?? 0
  return { told, changes, stop, when, reached: (seq: number) => when(() => lastId() >= seq) }
}

/** What every `EventLog` must do, whatever it stores in. */
export function testEventLog(name: string, open: () => Promise<LogUnderTest>): void {
  describe(`${name} is an event log`, () => {
    let under: LogUnderTest
    const log = (): EventLog => under.log
    beforeAll(async () => {
      under = await open()
    })
    afterAll(() => under.close())

    test('a stream that nobody appended to is empty', async () => {
      const stream = newStream()
      expect(await log().head(stream)).toEqual(none)
      expect(await log().page(stream, 0, 10)).toEqual({ epoch: '', head: 0, trimmedTo: 0, batch: null })
    })

    test('events are numbered 1, 2, 3 and come back in order, as they were given', async () => {
      const stream = newStream()
      const at = await appendAt(log(), stream, none, [text('one'), text('two')])
      await appendAt(log(), stream, at, [{ kind: 'tool', name: 'shell', input: { command: 'df' } }])
      const events = await readAll(log(), stream)
      expect(events).toMatchObject([
        { kind: 'text', id: 1, text: 'one' },
        { kind: 'text', id: 2, text: 'two' },
        { kind: 'tool', id: 3, name: 'shell', input: { command: 'df' } },
      ])
      expect(Math.abs(Date.parse(events[0]?.at ?? '') - Date.now())).toBeLessThan(60_000)
    })

    test('an append at a head that has moved is a conflict and changes nothing', async () => {
      const stream = newStream()
      const first = await appendAt(log(), stream, none, texts(2))
      await appendAt(log(), stream, first, [text('theirs')])
      const answer = await log().append(stream, first, [text('mine')])
      expect(answer).toEqual({ ok: false, reason: 'conflict', epoch: first.epoch, head: 3 })
      const fresh = await log().append(stream, none, [text('mine')])
      expect(fresh).toEqual({ ok: false, reason: 'conflict', epoch: first.epoch, head: 3 })
      expect((await readAll(log(), stream)).at(-1)).toMatchObject({ text: 'theirs' })
    })

    test('an append above the head, or in another epoch, says that the log lost data', async () => {
      const stream = newStream()
      const at = await appendAt(log(), stream, none, texts(3))
      const lost = { ok: false, reason: 'lost', epoch: at.epoch, head: 3 }
      expect(await log().append(stream, { ...at, seq: 5 }, texts(1))).toEqual(lost)
      expect(await log().append(stream, { epoch: createEpoch(), seq: 3 }, texts(1))).toEqual(lost)
      const gone = await log().append(newStream(), at, texts(1))
      expect(gone).toEqual({ ok: false, reason: 'lost', epoch: '', head: 0 })
    })

    test('the same append tried again appends once, also after others went on', async () => {
      const stream = newStream()
      const start = await appendAt(log(), stream, none, texts(1))
      const batch = toBatch(start.epoch, 1, texts(3, 'mine'))
      const options = { ticket: createTicket() }
      expect(await log().appendBatch(stream, start, batch, options)).toMatchObject({ ok: true })
      expect(await log().appendBatch(stream, start, batch, options)).toMatchObject({ ok: true })
      let at: Position = { ...start, seq: 4 }
      for (let i = 0; i < 150; i++) at = await appendAt(log(), stream, at, [text('theirs')])
      expect(await log().appendBatch(stream, start, batch, options)).toMatchObject({ ok: true })
      const twin = toBatch(start.epoch, 1, texts(3, 'mine'), new Date(0))
      const other = await log().appendBatch(stream, start, twin, { ticket: createTicket() })
      expect(other).toMatchObject({ ok: false, reason: 'conflict' })
      expect(seqs(await readAll(log(), stream))).toEqual(range(1, 154))
    })

    test('the first append of a stream tried again appends once', async () => {
      const stream = newStream()
      const batch = toBatch(createEpoch(), 0, texts(2))
      const options = { ticket: createTicket() }
      await log().appendBatch(stream, none, batch, options)
      expect(await log().appendBatch(stream, none, batch, options)).toEqual({ ok: true, batch })
      expect(await log().head(stream)).toEqual({ epoch: batch.epoch, seq: 2 })
    })

    test('10,000 events come back whole, from any position, in pages of any size', async () => {
      const stream = newStream()
      let at = none
      let next = 1
      // Sizes that fall on, before and behind every border that a storage may draw.
      for (const size of [...texts(300).map(() => 1), ...range(1, 60), 127, 128, 129, 500, 2000]) {
        at = await appendAt(
          log(),
          stream,
          at,
          range(next, next + size - 1).map((n) => text(`n${n}`)),
        )
        next += size
      }
      while (at.seq < 10_000) at = await appendAt(log(), stream, at, texts(Math.min(97, 10_000 - at.seq)))
      expect(await log().head(stream)).toEqual({ epoch: at.epoch, seq: 10_000 })
      for (const [after, limit] of [
        [0, 1000],
        [0, 10_000],
        [7300, 37],
        [9990, 3],
        [299, 128],
      ] as const) {
        expect(seqs(await readAll(log(), stream, after, limit))).toEqual(range(after + 1, 10_000))
      }
      for (const after of [0, 1, 126, 127, 128, 129, 255, 256, 300, 2130, 5000, 9999]) {
        const { batch } = await log().page(stream, after, 1)
        expect(batch).toMatchObject({ first: after + 1, last: after + 1 })
      }
      expect(await log().page(stream, 10_000, 10)).toMatchObject({ head: 10_000, batch: null })
    })

    test('hostile payloads come back as they were', async () => {
      const stream = newStream()
      const hostile: NewEvent[] = [
        {
          kind: 'text',
          text: 'nul \u0000, lines \n\n\r\n\u2028, id: x.1\n\ndata: y',
          deep: { a: [null, -0.5, ''] },
        },
        { kind: 'text', text: '\ud800 lone \udfff', pair: '😀' },
        { kind: 'text', text: 'x'.repeat(1024 * 1024) },
        { kind: 'text', id: 999, at: 'yesterday', text: 'names', '': 'empty', 7: 'seven' },
        JSON.parse('{"kind":"text","deep":{"__proto__":{"a":1}},"constructor":"c"}') as NewEvent, // no literal has such a key
      ]
      let at = none
      for (const event of hostile) at = await appendAt(log(), stream, at, [event])
      await appendAt(log(), stream, at, hostile)
      const events = await readAll(log(), stream)
      expect(seqs(events)).toEqual(range(1, 10))
      for (const [i, event] of events.entries()) {
        const { kind, id, at, ...fields } = event
        const { kind: givenKind, id: _, at: __, ...given } = hostile[i % 5] ?? text('')
        expect([kind, id, JSON.stringify(fields)]).toEqual([givenKind, i + 1, JSON.stringify(given)])
        expect(at).toMatch(/^\d{4}-/)
      }
    })

    test('a page stays small where events are large', async () => {
      const stream = newStream()
      let at = none
      for (let i = 0; i < 8; i++) at = await appendAt(log(), stream, at, [text('x'.repeat(400_000))])
      const page = await log().page(stream, 0, 1000)
      expect(page.batch?.frames.length).toBeLessThan(2_000_000)
      expect(page.head).toBe(8)
      expect(seqs(await readAll(log(), stream))).toEqual(range(1, 8))
    })

    test('trimming keeps about as many as asked and tells what is gone', async () => {
      const stream = newStream('board')
      let at = none
      for (let i = 0; i < 700; i++) {
        const result = await log().append(stream, at, [text(i)], { keep: 200 })
        if (!result.ok) throw new Error(result.reason)
        at = { epoch: result.batch.epoch, seq: result.batch.last }
      }
      const page = await log().page(stream, 0, 1000)
      expect(page.head).toBe(700)
      expect(page.trimmedTo).toBeGreaterThanOrEqual(350)
      expect(page.trimmedTo).toBeLessThanOrEqual(500)
      expect(page.batch?.first).toBe(page.trimmedTo + 1)
      expect(seqs(await readAll(log(), stream, 600))).toEqual(range(601, 700))
      expect((await log().page(stream, 700, 1)).trimmedTo).toBe(page.trimmedTo)
    })

    test('a new epoch numbers on, labels what is left anew, and resets followers', async () => {
      const stream = newStream()
      let at = none
      for (let i = 0; i < 140; i++) at = await appendAt(log(), stream, at, [text(`id: ${at.epoch}.7 ${i}`)])
      const follower = recordFollower(log(), stream, at)
      const result = await log().append(stream, at, [text('after')], { newEpoch: true })
      if (!result.ok) throw new Error(result.reason)
      expect(result.batch).toMatchObject({ first: 141, last: 141 })
      expect(result.batch.epoch).not.toBe(at.epoch)
      const events = await readAll(log(), stream)
      expect(seqs(events)).toEqual(range(1, 141))
      expect(events[139]).toMatchObject({ text: expect.stringContaining(`id: ${at.epoch}.7`) as string })
      await follower.when(() => follower.changes.length > 0)
      expect(follower.changes[0]).toMatchObject({ type: 'reset', epoch: result.batch.epoch, head: 141 })
      follower.stop()
    })

    test('followers are told what was there and what comes, once and in order', async () => {
      const stream = newStream()
      let at = await appendAt(log(), stream, none, texts(2500))
      const [all, some, live] = [0, 2400, 2500].map((seq) => recordFollower(log(), stream, { ...at, seq }))
      for (let i = 0; i < 50; i++) at = await appendAt(log(), stream, at, texts(3))
      for (const [follower, from] of [
        [all, 0],
        [some, 2400],
        [live, 2500],
      ] as const) {
        await follower?.reached(2650)
        expect(seqs(follower?.told ?? [])).toEqual(range(from + 1, 2650))
        follower?.stop()
      }
      await appendAt(log(), stream, at, [text('unheard')])
      expect(all?.told.length).toBe(2650)
    })

    test('a follower in the same process is told before the append answers', async () => {
      const stream = newStream()
      const at = await appendAt(log(), stream, none, texts(1))
      const follower = recordFollower(log(), stream, at)
      await log().page(stream, 0, 1)
      await appendAt(log(), stream, at, texts(2))
      expect(seqs(follower.told)).toEqual([2, 3])
      follower.stop()
    })

    test('a follower that comes before the stream is told from its first event', async () => {
      const stream = newStream()
      const follower = recordFollower(log(), stream, none)
      await appendAt(log(), stream, none, texts(2))
      await follower.reached(2)
      expect(seqs(follower.told)).toEqual([1, 2])
      follower.stop()
    })

    test('a follower whose position does not exist is reset', async () => {
      const stream = newStream()
      const at = await appendAt(log(), stream, none, texts(3))
      const positions = [
        { ...at, seq: 9 },
        { epoch: createEpoch(), seq: 2 },
      ]
      for (const position of positions) {
        const follower = recordFollower(log(), stream, position)
        await follower.when(() => follower.changes.length > 0)
        expect(follower.changes).toMatchObject([{ type: 'reset', epoch: at.epoch, head: 3 }])
        follower.stop()
      }
    })

    test('followers see exactly the log when four writers compete', async () => {
      const stream = newStream()
      const start = await appendAt(log(), stream, none, texts(1))
      const early = recordFollower(log(), stream, none)
      const late = recordFollower(log(), stream, start)
      await Promise.all([1, 2, 3, 4].map((writer) => writeCompeting(log(), stream, start, writer, 60)))
      const stored = await readAll(log(), stream)
      expect(seqs(stored)).toEqual(range(1, 1 + 4 * 60))
      for (const writer of [1, 2, 3, 4]) {
        const own = stored.filter((event) => event['writer'] === writer).map((event) => event['n'])
        expect(own).toEqual(range(1, 60))
      }
      for (const follower of [early, late]) {
        await follower.reached(stored.length)
        expect(follower.told).toEqual(stored.slice(follower === early ? 0 : 1))
        follower.stop()
      }
    })

    test('any interleaving of writers leaves each event once, where its append said', async () => {
      const operation = fc.record({
        writer: fc.nat(3),
        count: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constantFrom(60, 127, 128, 129)),
        again: fc.boolean(),
        reads: fc.boolean(),
      })
      const rounds = fc.array(fc.array(operation, { minLength: 1, maxLength: 4 }), {
        minLength: 1,
        maxLength: 12,
      })
      await fc.assert(
        fc.asyncProperty(rounds, async (script) => checkInterleaving(log(), newStream(), script)),
        { numRuns: 40 },
      )
    })

    test('streams are listed by prefix, most recently appended first, and paged without a hole', async () => {
      const word = `lab${Array.from(randomUUID().replace(/[^a-f]/g, '')).join('')}`
      const names = range(1, 7).map((n) => `${word}:${n}`)
      const heads = new Map<string, Position>()
      for (const name of [...names, names[2] ?? '']) {
        await untilNextMillisecond()
        heads.set(name, await appendAt(log(), name, heads.get(name) ?? none, [text(name)]))
      }
      const order = [3, 7, 6, 5, 4, 2, 1].map((n) => `${word}:${n}`)
      const all = await log().streams(`${word}:`, 100)
      expect(all.map(({ stream }) => stream)).toEqual(order)
      expect(all[0]).toMatchObject({ head: 2, epoch: heads.get(`${word}:3`)?.epoch })
      expect(Math.abs(Date.parse(all[0]?.updated ?? '') - Date.now())).toBeLessThan(60_000)
      const first = await log().streams(`${word}:`, 3)
      const rest = await log().streams(`${word}:`, 100, first.at(-1)?.updated)
      expect([...first, ...rest].map(({ stream }) => stream)).toEqual(order)
      expect(await log().streams(`${word}:7`, 5)).toMatchObject([{ stream: `${word}:7` }])
    })

    test('a removed stream is gone, is not listed, and resets its followers', async () => {
      const stream = newStream()
      const at = await appendAt(log(), stream, none, texts(3))
      const follower = recordFollower(log(), stream, at)
      await log().remove(stream)
      expect(await log().head(stream)).toEqual(none)
      expect((await log().streams(stream, 5)).length).toBe(0)
      await follower.when(() => follower.changes.length > 0)
      expect(follower.changes).toMatchObject([{ type: 'reset', epoch: '', head: 0 }])
      await appendAt(log(), stream, none, texts(2))
      await follower.reached(2)
      expect(seqs(follower.told)).toEqual([1, 2])
      follower.stop()
    })

    test('what was announced is followed and paged as if stored, and told once when it is', async () => {
      const stream = newStream()
      const at = await appendAt(log(), stream, none, texts(2))
      const follower = recordFollower(log(), stream, none)
      await follower.reached(2)
      const batch = toBatch(at.epoch, 2, texts(3, 'held'))
      log().announce(stream, batch)
      expect(seqs(follower.told)).toEqual(range(1, 5))
      expect(await log().head(stream)).toEqual({ ...at, seq: 5 })
      expect(seqs(await readAll(log(), stream, 0, 2))).toEqual(range(1, 5))
      const late = recordFollower(log(), stream, { ...at, seq: 3 })
      await late.reached(5)
      expect(await log().appendBatch(stream, at, batch, { ticket: createTicket() })).toMatchObject({
        ok: true,
      })
      await appendAt(log(), stream, { ...at, seq: 5 }, texts(1))
      await late.reached(6)
      expect(seqs(follower.told)).toEqual(range(1, 6))
      expect(seqs(late.told)).toEqual([4, 5, 6])
      expect(follower.changes.every((change) => change.type === 'batch')).toBe(true)
      follower.stop()
      late.stop()
    })

    test('what was announced and taken back resets those who were told', async () => {
      const stream = newStream()
      const at = await appendAt(log(), stream, none, texts(2))
      const follower = recordFollower(log(), stream, at)
      log().announce(stream, toBatch(at.epoch, 2, texts(3, 'held')))
      await follower.reached(5)
      log().withdraw(stream)
      await appendAt(log(), stream, at, [text('other')])
      await follower.when(() => follower.changes.at(-1)?.type === 'reset' || follower.told.at(-1)?.id === 3)
      const reset = follower.changes.find((change) => change.type === 'reset')
      expect(reset).toMatchObject({ epoch: at.epoch })
      expect(await log().head(stream)).toEqual({ ...at, seq: 3 })
      follower.stop()
    })

    test('a restart loses nothing that was stored', async () => {
      const stream = newStream()
      const at = await appendAt(log(), stream, none, texts(200))
      await under.restart()
      expect(await log().head(stream)).toEqual(at)
      const follower = recordFollower(log(), stream, { ...at, seq: 150 })
      await appendAt(log(), stream, at, texts(1))
      await follower.reached(201)
      expect(seqs(follower.told)).toEqual(range(151, 201))
      follower.stop()
    })

    test('after a loss of everything the old position is told as lost, and the stream begins in another epoch', async () => {
      const stream = newStream()
      const at = await appendAt(log(), stream, none, texts(5))
      await under.lose()
      expect(await log().head(stream)).toEqual(none)
      expect(await log().append(stream, at, texts(1))).toMatchObject({ ok: false, reason: 'lost', head: 0 })
      const again = await appendAt(log(), stream, none, texts(1))
      expect(again.seq).toBe(1)
      expect(again.epoch).not.toBe(at.epoch)
      await log().ping()
    })
  })
}

/** Appends `count` events, going on behind the others whenever they were faster. */
async function writeCompeting(log: EventLog, stream: string, from: Position, writer: number, count: number) {
  let at = from
  for (let n = 1; n <= count;) {
    const result = await log.append(stream, at, [{ kind: 'text', writer, n }])
    at = result.ok
      ? { epoch: result.batch.epoch, seq: result.batch.last }
      : { epoch: result.epoch, seq: result.head }
    if (result.ok) n++
  }
}

interface Operation {
  writer: number
  count: number
  /** Sends the same append a second time. */
  again: boolean
  /** Reads where the stream stands before appending; else the writer goes by what it last knew. */
  reads: boolean
}

/** Runs rounds of concurrent appends and compares the log with a model: who owns which seq. */
async function checkInterleaving(log: EventLog, stream: string, rounds: Operation[][]): Promise<void> {
  const owner: string[] = []
  const known: Position[] = [none, none, none, none]
  let serial = 0
  const run = async ({ writer, count, again, reads }: Operation): Promise<void> => {
    const at = reads ? await log.head(stream) : (known[writer] ?? none)
    const tag = `${writer}-${++serial}`
    const batch = toBatch(at.epoch || createEpoch(), at.seq, texts(count, `${tag} `))
    const options = { ticket: createTicket() }
    const result = await log.appendBatch(stream, at, batch, options)
    if (again) expect(await log.appendBatch(stream, at, batch, options)).toMatchObject({ ok: result.ok })
    if (!result.ok) {
      expect(result.reason).toBe('conflict')
      expect(result.head).toBeGreaterThan(at.seq)
      known[writer] = { epoch: result.epoch, seq: result.head }
      return
    }
    known[writer] = { epoch: batch.epoch, seq: batch.last }
    for (let i = 1; i <= count; i++) {
      expect(owner[at.seq + i]).toBeUndefined()
      owner[at.seq + i] = `${tag} ${i}`
    }
  }
  for (const round of rounds) await Promise.all(round.map(run))
  const stored = await readAll(log, stream)
  expect(stored.map((event) => event['text'])).toEqual(owner.slice(1))
}

/** `updated` counts milliseconds. */
async function untilNextMillisecond(): Promise<void> {
  const now = Date.now()
  while (Date.now() === now) await new Promise(setImmediate)
}
