import { expect, test } from 'vitest'
import type { EventLog, Position } from '../EventLog.ts'
import { createEpoch, createTicket, toBatch } from '../frame.ts'
import { appendAt, newStream, none, range, readAll, recordFollower, seqs, text, texts } from './logTools.ts'

/** Following, and what is announced before it is stored. */
export function testFollowers(log: () => EventLog): void {
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
