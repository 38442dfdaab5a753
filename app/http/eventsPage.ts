import { AppError } from '#app/errors.ts'
import type { EventLog, Page, Position } from '#app/eventlog/EventLog.ts'
import { toJsonTexts } from '#app/eventlog/frame.ts'
import { placePosition, readPositions, resetReasons, type AskedPosition } from './position.ts'

export interface EventsPageRequest {
  /** `<epoch>.<seq>` or a bare seq of the present epoch. */
  after?: string | undefined
  limit: number
  /** How long to wait for an event when there is none yet. */
  waitMs: number
  signal: AbortSignal
  /** The stream may be empty: it is then no 404. */
  allowEmpty?: boolean
}

/**
 * A page of a log as JSON text, in the shape of `eventsPageSchema`: the stored texts are joined, never parsed.
 * Throws `bad_request`, `not_found` or `log_unavailable`.
 */
export async function eventsPage(log: EventLog, stream: string, request: EventsPageRequest): Promise<string> {
  const { after, limit, waitMs, signal, allowEmpty = false } = request
  const asked = readPositions(after)
  const found = await look(log, stream, { asked, limit, allowEmpty })
  if (found.page.batch !== null || found.reset !== undefined || waitMs <= 0) return toJson(found)
  const { epoch, head } = found.page
  await change(log, stream, { epoch, seq: head }, waitMs, signal)
  const standing: AskedPosition[] = epoch === '' ? asked : [{ epoch, seq: head }]
  return toJson(await look(log, stream, { asked: standing, limit, allowEmpty }))
}

interface Found {
  page: Page
  reset: string | undefined
}

async function look(
  log: EventLog,
  stream: string,
  { asked, limit, allowEmpty }: { asked: AskedPosition[]; limit: number; allowEmpty: boolean },
): Promise<Found> {
  const head = await log.head(stream)
  if (head.seq === 0 && !allowEmpty) throw new AppError('not_found', 'There is no such stream.')
  const placed = placePosition(asked, head)
  const page = await log.page(stream, placed.seq, limit)
  // A new epoch began between the two readings.
  if (page.epoch !== head.epoch) return look(log, stream, { asked, limit, allowEmpty })
  const missingTo = Math.max(page.trimmedTo, (page.batch?.first ?? 0) - 1)
  const trimmed = placed.seq < missingTo ? resetReasons.trimmed(missingTo) : undefined
  return { page, reset: placed.reset ?? trimmed }
}

/** Resolves at the next change after `from`, or when the time is over or the client gone. */
async function change(
  log: EventLog,
  stream: string,
  from: Position,
  waitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const over = Promise.withResolvers<void>()
  const done = (): void => over.resolve()
  const timer = setTimeout(done, waitMs)
  signal.addEventListener('abort', done)
  if (signal.aborted) done()
  const unfollow = log.follow(stream, from, done)
  await over.promise
  unfollow()
  clearTimeout(timer)
  signal.removeEventListener('abort', done)
}

function toJson({ page, reset }: Found): string {
  const { epoch, head, trimmedTo, batch } = page
  const events = batch === null ? '' : toJsonTexts(batch.frames).join(',')
  const trimmed = trimmedTo === 0 ? '' : `,"trimmed_to":${trimmedTo}`
  const told = reset === undefined ? '' : `,"reset":${JSON.stringify(reset)}`
  return `{"epoch":${JSON.stringify(epoch)},"head":${head},"events":[${events}]${trimmed}${told}}`
}
