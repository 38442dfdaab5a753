import { expect, test } from 'vitest'
import type { EventLog, NewEvent, Position } from '../EventLog.ts'
import { createEpoch, createTicket, toBatch } from '../frame.ts'
import { appendAt, newStream, none, range, readAll, seqs, text, texts } from './logTools.ts'

/** Appending and reading back. */
export function testAppends(log: () => EventLog): void {
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
}
