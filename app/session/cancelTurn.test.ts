import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AppError } from '#app/errors.ts'
import type { EventLog, Position } from '#app/eventlog/EventLog.ts'
import { LogWriter } from '#app/eventlog/LogWriter.ts'
import { SqliteEventLog } from '#app/eventlog/SqliteEventLog.ts'
import { until } from '../../test/fakes/breakglass.ts'
import { cancelTurn } from './cancelTurn.ts'
import { SessionStore, streamOf } from './SessionStore.ts'

const sessionId = 's1'
const turn = 't-a1-0000000000000000'
const cancelled = { kind: 'cancelled', by: 'operator', turn }

let folder: string
let log: SqliteEventLog
let position: Position

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'breakglass-cancel-'))
  log = new SqliteEventLog(folder)
  const stored = await log.append(streamOf(sessionId), { epoch: '', seq: 0 }, [
    { kind: 'session', session_id: sessionId, agent: 'a', model: 'm', target: 't' },
    { kind: 'user', text: 'go', by: 'operator', turn },
  ])
  if (!stored.ok) throw new Error('nothing stored')
  position = { epoch: stored.batch.epoch, seq: stored.batch.last }
})
afterEach(async () => {
  await log.close()
  rmSync(folder, { recursive: true })
})

/** The log behind a line on which the named calls wait until `release`. */
function hanging(...names: ('page' | 'append' | 'appendBatch')[]): { log: EventLog; release: () => void } {
  const open = Promise.withResolvers<void>()
  const held = new Proxy(log, {
    get(target, name) {
      // A Proxy's handler is told names only: what stands there is a method of the log, or none.
      const method = Reflect.get(target, name) as (...given: unknown[]) => unknown
      return names.some((one) => one === name)
        ? (...given: unknown[]) => open.promise.then(() => method.apply(target, given))
        : method.bind(target)
    },
  })
  return { log: held, release: open.resolve }
}

const kinds = async (): Promise<string[]> =>
  (await new SessionStore(log).events(sessionId)).events.map(({ kind }) => kind)

/** Answers within a second, or fails. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(1000)
  const late = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(new Error('too late'))),
  )
  return Promise.race([answer, late])
}

test('a log that answers is told, and the owner learns it from there', async () => {
  const deps = { store: new SessionStore(log), cancelHere: () => expect.unreachable() }
  expect(await cancelTurn(deps, sessionId, 'operator')).toEqual({ cancelled: true, events: 1 })
  expect(await cancelTurn(deps, sessionId, 'operator')).toEqual({ cancelled: true, events: 0 })
  await expect(cancelTurn(deps, 'none', 'operator')).rejects.toMatchObject({ code: 'not_found' })
})

test.each(['page', 'append'] as const)('with %s hanging, a turn that runs here stops', async (name) => {
  const stopped: string[] = []
  const line = hanging(name)
  const cancelHere = (id: string, by: string) => stopped.push(`${id} by ${by}`) > 0
  const answer = cancelTurn({ store: new SessionStore(line.log), cancelHere }, sessionId, 'operator')
  expect(await inTime(answer)).toEqual({ cancelled: true, events: 1 })
  expect(stopped).toEqual(['s1 by operator'])
})

test('with the log hanging, a turn that runs elsewhere is answered in time, and not as stopped', async () => {
  const line = hanging('page')
  const answer = cancelTurn(
    { store: new SessionStore(line.log), cancelHere: () => false },
    sessionId,
    'operator',
  )
  await expect(inTime(answer)).rejects.toMatchObject({ code: 'log_unavailable' })
  // Later words of the log come too late: the next turn is not met by this stop.
  line.release()
  await new SessionStore(line.log).fold(sessionId)
  expect(await kinds()).toEqual(['session', 'user'])
})

test('a log that refuses is as good as one that hangs', async () => {
  const away = Object.assign(Object.create(log) as EventLog, {
    page: () => Promise.reject(new AppError('log_unavailable', 'Away.')),
  })
  const store = new SessionStore(away)
  expect(await cancelTurn({ store, cancelHere: () => true }, sessionId, 'operator')).toMatchObject({
    cancelled: true,
  })
  const elsewhere = cancelTurn({ store, cancelHere: () => false }, sessionId, 'operator')
  await expect(elsewhere).rejects.toMatchObject({ code: 'log_unavailable' })
})

test('the stop is stored once, though both the command and the owner had it on the way', async () => {
  const line = hanging('append', 'appendBatch')
  const owner = new LogWriter(line.log, streamOf(sessionId), position, {
    onForeign: (events) => (events.some(({ kind }) => kind === 'cancelled') ? 'stop' : 'go on'),
  })
  const cancelHere = (): boolean => {
    owner.write([cancelled])
    return true
  }
  await cancelTurn({ store: new SessionStore(line.log), cancelHere }, sessionId, 'operator')
  line.release()
  await until('the stop is stored', async () => (await kinds()).includes('cancelled'))
  await owner.close()
  expect(await kinds()).toEqual(['session', 'user', 'cancelled'])
})
