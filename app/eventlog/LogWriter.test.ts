import fc from 'fast-check'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { AppError } from '#app/errors.ts'
import { answerCuttingProxy } from '../../test/fakes/answerCuttingProxy.ts'
import { RedisServer, until } from '../../test/fakes/redisServer.ts'
import {
  appendAt,
  newStream,
  none,
  range,
  readAll,
  recordFollower,
  seqs,
  text,
} from './conformance/logTools.ts'
import { fact, openWriter, textsOf } from './conformance/openWriter.ts'
import type { EventLog } from './EventLog.ts'
import { FencedError } from './FencedError.ts'
import { LogWriter } from './LogWriter.ts'
import { RedisEventLog } from './RedisEventLog.ts'
import { SqliteEventLog } from './SqliteEventLog.ts'

describe('a writer and a log that answers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'breakglass-writer-'))
  const log = new SqliteEventLog(folder)
  let stream: string
  beforeEach(() => {
    stream = newStream()
  })
  afterAll(async () => {
    await log.close()
    rmSync(folder, { recursive: true })
  })

  test('text and facts are stored in the order they were written, from the first event of a stream on', async () => {
    const { writer } = openWriter(log, stream, none)
    writer.write([text('1')])
    const committed = writer.commit([fact('2'), fact('3')])
    writer.write([text('4')])
    expect(await committed).toMatchObject({ seq: 3 })
    await writer.flush(AbortSignal.timeout(5000))
    expect(textsOf(await readAll(log, stream))).toEqual(['1', '2', '3', '4'])
  })

  test('what is written while an append is under way goes into the next one together', async () => {
    const follower = recordFollower(log, stream, none)
    const { writer } = openWriter(log, stream, none)
    for (const n of range(1, 100)) writer.write([text(String(n))])
    await follower.reached(100)
    expect(follower.changes.length).toBeLessThanOrEqual(2)
  })

  test('more than an append should hold goes into several, none larger than it must be', async () => {
    const follower = recordFollower(log, stream, none)
    const { writer } = openWriter(log, stream, none)
    for (const n of range(1, 20)) writer.write([text(String(n).padEnd(100_000, '.'))])
    await follower.reached(20)
    const sizes = follower.changes.map((change) => (change.type === 'batch' ? change.batch.frames.length : 0))
    expect(Math.max(...sizes)).toBeLessThan(300_000)
    expect(seqs(follower.told)).toEqual(range(1, 20))
  })

  test('events of others in between are shown, and its own come behind them', async () => {
    const at = await appendAt(log, stream, none, [fact('start')])
    const { writer, foreign } = openWriter(log, stream, at)
    const theirs = await appendAt(log, stream, at, [fact('theirs 1'), fact('theirs 2')])
    writer.write([text('mine 1')])
    expect(await writer.commit([fact('mine 2')])).toEqual({ epoch: at.epoch, seq: 5 })
    await appendAt(log, stream, { ...theirs, seq: 5 }, [fact('theirs 3')])
    await writer.commit([fact('mine 3')])
    expect(textsOf(foreign)).toEqual(['theirs 1', 'theirs 2', 'theirs 3'])
    expect(textsOf(await readAll(log, stream, 1))).toEqual([
      'theirs 1',
      'theirs 2',
      'mine 1',
      'mine 2',
      'theirs 3',
      'mine 3',
    ])
  })

  test('a stream that another began first is gone on with', async () => {
    const { writer, foreign } = openWriter(log, stream, none)
    const at = await appendAt(log, stream, none, [fact('theirs')])
    expect(await writer.commit([fact('mine')])).toEqual({ epoch: at.epoch, seq: 2 })
    expect(textsOf(foreign)).toEqual(['theirs'])
  })

  test('a writer that is told to stop writes nothing more, and its commits reject', async () => {
    const at = await appendAt(log, stream, none, [fact('start')])
    const { writer } = openWriter(log, stream, at, { onForeign: () => 'stop' })
    await appendAt(log, stream, at, [{ kind: 'takeover' }])
    writer.write([text('late')])
    const outcome = await writer.commit([fact('late')]).catch((error: unknown) => error)
    expect(outcome).toBeInstanceOf(FencedError)
    expect(outcome).toMatchObject({ reason: 'replaced' })
    writer.write([text('later')])
    await expect(writer.commit([fact('later')])).rejects.toMatchObject({ reason: 'replaced' })
    expect(seqs(await readAll(log, stream))).toEqual([1, 2])
  })

  test('closing writes what waits, then refuses', async () => {
    const { writer } = openWriter(log, stream, none)
    for (const n of range(1, 50)) writer.write([text(String(n))])
    await writer.close()
    writer.write([text('late')])
    await expect(writer.commit([fact('late')])).rejects.toMatchObject({ reason: 'closed' })
    expect(seqs(await readAll(log, stream))).toEqual(range(1, 50))
  })

  /** The same log, as long as `reach` does not throw for the call. */
  const reachedBy = (reach: () => void): EventLog =>
    new Proxy(log, {
      get:
        (real, key: keyof EventLog) =>
        (...args: unknown[]) => {
          if (key === 'appendBatch') reach()
          // Called as the writer called it, on the real log, whose private fields it needs.
          return (real[key] as (...args: unknown[]) => unknown).apply(real, args)
        },
    })

  test('closing while the log is thought to be away tries once more, and stores all if it answers again', async () => {
    let away = true
    const tries: boolean[] = []
    const flaky = reachedBy(() => {
      tries.push(away)
      if (away) throw new AppError('log_unavailable', 'away')
    })
    const { writer, states } = openWriter(flaky, stream, none)
    writer.write([text('1')])
    const committed = writer.commit([fact('2')])
    await until(() => states.includes('buffering'))
    away = false
    await writer.close()
    expect(await committed).toMatchObject({ seq: 2 })
    expect(textsOf(await readAll(log, stream))).toEqual(['1', '2'])
    expect(tries.at(-1)).toBe(false)
  })

  test('a mistake of our own is not taken for a log that is away: commits reject with it, and nothing is written', async () => {
    const at = await appendAt(log, stream, none, [fact('start')])
    const mistake = new TypeError('a callback that throws')
    const { writer, states } = openWriter(log, stream, at, {
      onForeign: () => {
        throw mistake
      },
    })
    await appendAt(log, stream, at, [fact('theirs')])
    await expect(writer.commit([fact('mine')])).rejects.toBe(mistake)
    writer.write([text('later')])
    await expect(writer.commit([fact('later')])).rejects.toBe(mistake)
    expect(states).toEqual([])
    expect(textsOf(await readAll(log, stream))).toEqual(['start', 'theirs'])
  })

  test('two writers that go on lose nothing, double nothing and keep their own order', async () => {
    const script = fc.array(
      fc.record({ first: fc.boolean(), waits: fc.boolean(), count: fc.integer({ min: 1, max: 40 }) }),
      {
        minLength: 1,
        maxLength: 20,
      },
    )
    await fc.assert(
      fc.asyncProperty(script, async (steps) => {
        const shared = newStream()
        const goOn = { onForeign: () => 'go on' as const }
        const writers = [1, 2].map(() => new LogWriter(log, shared, none, goOn))
        const said: string[][] = [[], []]
        for (const { first, waits, count } of steps) {
          const who = first ? 0 : 1
          const events = range(1, count).map((n) => text(`${who}:${said[who]?.length ?? 0}:${n}`))
          said[who]?.push(...events.map((event) => String(event['text'])))
          if (waits) await writers[who]?.commit(events)
          else writers[who]?.write(events)
        }
        await Promise.all(writers.map((writer) => writer.close()))
        const stored = await readAll(log, shared)
        for (const who of [0, 1]) {
          expect(textsOf(stored).filter((value) => String(value).startsWith(`${who}:`))).toEqual(said[who])
        }
        expect(stored.length).toBe((said[0]?.length ?? 0) + (said[1]?.length ?? 0))
      }),
      { numRuns: 50 },
    )
  })
})

describe('a writer and a Redis that goes away', () => {
  let server: RedisServer
  let log: RedisEventLog
  let stream: string
  beforeAll(async () => {
    server = await RedisServer.start()
    log = new RedisEventLog(server.url)
  })
  beforeEach(async () => {
    await until(() =>
      log.ping().then(
        () => true,
        () => false,
      ),
    )
    stream = newStream()
  })
  afterAll(async () => {
    await log.close()
    await server.stop()
  })

  test('a turn goes on in memory, is followed live here, and is flushed in order when Redis is back', async () => {
    const at = await appendAt(log, stream, none, [fact('start')])
    const other = new RedisEventLog(server.url)
    onTestFinished(() => other.close())
    const [here, there] = [log, other].map((each) => recordFollower(each, stream, at))
    const { writer, states } = openWriter(log, stream, at)
    writer.write([text('before')])
    await Promise.all([here?.reached(2), there?.reached(2)])
    await server.kill()
    // As many as ten seconds of text make.
    for (const n of range(1, 250)) writer.write([text(`away ${n}`)])
    const committed = writer.commit([fact('fact')])
    await here?.reached(253)
    expect(states).toEqual(['buffering'])
    expect(await log.head(stream)).toEqual({ ...at, seq: 253 })
    expect(seqs(await readAll(log, stream, 2))).toEqual(range(3, 253))
    writer.write([text('still away')])
    expect(here?.told.at(-1)).toMatchObject({ id: 254 })
    await server.restart()
    expect(await committed).toEqual({ ...at, seq: 253 })
    await writer.commit([fact('back')])
    await there?.reached(255)
    expect(states).toEqual(['buffering', 'writing'])
    const stored = await readAll(log, stream, 1)
    expect(seqs(stored)).toEqual(range(2, 255))
    expect(textsOf(stored).slice(0, 3)).toEqual(['before', 'away 1', 'away 2'])
    for (const follower of [here, there]) {
      expect(follower?.told).toEqual(stored)
      expect(follower?.changes.every(({ type }) => type === 'batch')).toBe(true)
    }
  })

  test('a Redis that hangs and comes back stores what was written once', async () => {
    const { writer, states } = openWriter(log, stream, none)
    const follower = recordFollower(log, stream, none)
    await writer.commit([fact('1')])
    server.signal('SIGSTOP')
    writer.write([text('2')])
    const committed = writer.commit([fact('3')])
    await follower.reached(3)
    server.signal('SIGCONT')
    await committed
    await writer.commit([fact('4')])
    expect(states).toEqual(['buffering', 'writing'])
    expect(textsOf(await readAll(log, stream))).toEqual(['1', '2', '3', '4'])
    expect(textsOf(follower.told)).toEqual(['1', '2', '3', '4'])
  })

  test('a stream can begin while Redis is away', async () => {
    await server.kill()
    const follower = recordFollower(log, stream, none)
    const { writer } = openWriter(log, stream, none)
    const committed = writer.commit([fact('first')])
    await follower.reached(1)
    await server.restart()
    await committed
    expect(textsOf(await readAll(log, stream))).toEqual(['first'])
    expect(seqs(follower.told)).toEqual([1])
  })

  test('answers that are lost again and again double nothing', async () => {
    const proxy = await answerCuttingProxy(server.port)
    onTestFinished(() => proxy.stop())
    const cut = new RedisEventLog(`redis://127.0.0.1:${proxy.port}`)
    onTestFinished(() => cut.close())
    const { writer, foreign } = openWriter(cut, stream, none)
    for (const n of range(1, 5)) {
      proxy.cutAfter(`cut ${n}`)
      writer.write([text(`cut ${n}`), text('and more')])
      await writer.commit([fact('fact')])
    }
    expect(proxy.cuts()).toBe(5)
    expect(foreign).toEqual([])
    expect(seqs(await readAll(log, stream))).toEqual(range(1, 15))
  })

  test('when somebody came in between, what was shown live is taken back and stored behind it', async () => {
    const proxy = await answerCuttingProxy(server.port)
    onTestFinished(() => proxy.stop())
    const ours = new RedisEventLog(`redis://127.0.0.1:${proxy.port}`)
    onTestFinished(() => ours.close())
    const at = await appendAt(log, stream, none, [fact('start')])
    const follower = recordFollower(ours, stream, none)
    const { writer, foreign } = openWriter(ours, stream, at)
    await follower.reached(1)
    proxy.down()
    writer.write([text('mine 1'), text('mine 2')])
    await follower.reached(3)
    await appendAt(log, stream, at, [fact('theirs')])
    proxy.up()
    await writer.commit([fact('done')])
    expect(textsOf(foreign)).toEqual(['theirs'])
    const stored = await readAll(log, stream)
    expect(textsOf(stored)).toEqual(['start', 'theirs', 'mine 1', 'mine 2', 'done'])
    await follower.when(() => follower.changes.some(({ type }) => type === 'reset'))
    const reset = follower.changes.find((change) => change.type === 'reset')
    await follower.when(() => (reset?.head ?? 0) + follower.told.length === 5)
  })

  test('a tail that is full refuses with a sentence and keeps what it has', async () => {
    const { writer } = openWriter(log, stream, none, { maxTailBytes: 1024 * 1024 })
    await server.kill()
    writer.write([text('x'.repeat(600_000))])
    writer.write([text('y'.repeat(600_000))])
    expect(() => writer.write([text('z')])).toThrow(/so long that the 1 MiB kept for it are full/)
    await expect(writer.commit([fact('z')])).rejects.toMatchObject({ code: 'log_unavailable' })
    await server.restart()
    await writer.flush(AbortSignal.timeout(10_000))
    await writer.commit([fact('room again')])
    expect(seqs(await readAll(log, stream))).toEqual([1, 2, 3])
  })

  test('a flush ends when its signal aborts, and closing drops what cannot be stored', async () => {
    const { writer, states } = openWriter(log, stream, none)
    await server.kill()
    const lost = writer.commit([fact('lost')]).catch((error: unknown) => error)
    await until(() => states.includes('buffering'))
    const stop = new AbortController()
    const flushed = writer.flush(stop.signal)
    stop.abort(new Error('enough'))
    await expect(flushed).rejects.toThrow('enough')
    await writer.close()
    expect(await lost).toMatchObject({ reason: 'closed' })
    await server.restart()
  })
})
