import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { RedisServer } from '../../test/fakes/redisServer.ts'
import { appendAt, newStream, none, range, readAll, recordFollower } from './conformance/logTools.ts'
import { fact, openWriter, textsOf } from './conformance/openWriter.ts'
import type { Position } from './EventLog.ts'
import { RedisEventLog } from './RedisEventLog.ts'

describe('a writer and a Redis that comes back with less', () => {
  let server: RedisServer
  let log: RedisEventLog
  let stream: string
  let at: Position
  beforeEach(async () => {
    server = await RedisServer.start()
    log = new RedisEventLog(server.url)
    stream = newStream()
    at = await appendAt(log, stream, none, [fact('1'), fact('2')])
    onTestFinished(async () => {
      await log.close()
      await server.stop()
    })
  })

  test('what is missing is written again under the same numbers', async () => {
    const { writer } = openWriter(log, stream, at)
    await writer.commit([fact('3')])
    await server.snapshot()
    for (const n of range(4, 9)) await writer.commit([fact(String(n))])
    await server.rollBack()
    expect(await writer.commit([fact('10')])).toEqual({ ...at, seq: 10 })
    expect(textsOf(await readAll(log, stream))).toEqual(range(1, 10).map(String))
  })

  test('a gap that cannot be filled begins a new epoch, which says so to every reader', async () => {
    await server.snapshot()
    const later = await appendAt(log, stream, at, [fact('3'), fact('4')])
    const follower = recordFollower(log, stream, later)
    const { writer } = openWriter(log, stream, later)
    await server.rollBack()
    const position = await writer.commit([fact('5')])
    expect(position.seq).toBe(3)
    expect(position.epoch).not.toBe(at.epoch)
    expect(textsOf(await readAll(log, stream))).toEqual(['1', '2', '5'])
    await follower.when(() => follower.changes.some((c) => c.type === 'reset' && c.epoch === position.epoch))
  })

  test('what others wrote where events are missing is shown, and nothing of either is dropped', async () => {
    const { writer, foreign } = openWriter(log, stream, at)
    await writer.commit([fact('3')])
    await server.snapshot()
    await writer.commit([fact('4')])
    await writer.commit([fact('5')])
    await server.rollBack()
    const other = new RedisEventLog(server.url)
    onTestFinished(() => other.close())
    await appendAt(other, stream, { ...at, seq: 3 }, [fact('theirs')])
    const position = await writer.commit([fact('6')])
    expect(textsOf(foreign)).toEqual(['theirs'])
    expect(position.epoch).not.toBe(at.epoch)
    expect(textsOf(await readAll(log, stream))).toEqual(['1', '2', '3', 'theirs', '4', '5', '6'])
  })

  test('a stream that is gone is written again when all of it is known', async () => {
    const own = newStream()
    const { writer } = openWriter(log, own, none)
    const first = await writer.commit([fact('1'), fact('2')])
    await server.wipe()
    expect(await writer.commit([fact('3')])).toEqual({ epoch: first.epoch, seq: 3 })
    expect(textsOf(await readAll(log, own))).toEqual(['1', '2', '3'])
  })

  test('a stream that is gone and was not all known is given up', async () => {
    const { writer } = openWriter(log, stream, at)
    await server.wipe()
    await expect(writer.commit([fact('3')])).rejects.toMatchObject({ reason: 'lost' })
    expect(await log.head(stream)).toEqual(none)
  })
})
