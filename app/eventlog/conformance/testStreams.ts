import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { EventLog, Position } from '../EventLog.ts'
import { appendAt, newStream, none, range, readAll, recordFollower, seqs, text, texts } from './logTools.ts'
import type { LogUnderTest } from './LogUnderTest.ts'

/** Streams as a whole: trimming, epochs, listing, removal, restarts and losses. */
export function testStreams(under: () => LogUnderTest): void {
  const log = (): EventLog => under().log

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

  test('a restart loses nothing that was stored', async () => {
    const stream = newStream()
    const at = await appendAt(log(), stream, none, texts(200))
    await under().restart()
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
    await under().lose()
    expect(await log().head(stream)).toEqual(none)
    expect(await log().append(stream, at, texts(1))).toMatchObject({ ok: false, reason: 'lost', head: 0 })
    const again = await appendAt(log(), stream, none, texts(1))
    expect(again.seq).toBe(1)
    expect(again.epoch).not.toBe(at.epoch)
    await log().ping()
  })
}

/** `updated` counts milliseconds. */
async function untilNextMillisecond(): Promise<void> {
  const now = Date.now()
  while (Date.now() === now) await new Promise(setImmediate)
}
