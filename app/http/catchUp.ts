import type { Page } from '#app/eventlog/EventLog.ts'
import type { Feed } from './Feed.ts'
import { resetReasons } from './position.ts'
import type { SseClient } from './SseClient.ts'
import { control } from './sse.ts'

/**
 * The first page is small, so that its first byte is early; then pages are large, as long as the client takes
 * them without a wait.
 */
const firstPageEvents = 100
const smallPageBytes = 64 * 1024
const largePageBytes = 512 * 1024
const mostPageEvents = 5000
const retryMs = 500

/**
 * Serves one client from its own position, out of memory or else page by page out of the log, until it has what
 * the feed has, and then hands it over to the live flush. A client that cannot keep up comes back here, so that
 * nothing is ever queued for it. Never throws.
 *
 * Registering comes first (`feed.add`), reading second: what is appended meanwhile lies in the feed, numbered,
 * so there is neither hole nor overlap where the two meet.
 */
export async function catchUp(feed: Feed, client: SseClient): Promise<void> {
  const { now } = feed.options
  let limit = firstPageEvents
  let next: Promise<Page> | undefined
  for (;;) {
    if (client.full) await client.drained(now)
    if (client.closed) return
    if (client.reset !== null && tellReset(feed, client)) return
    if (client.seq >= goal(feed, client)) return handOver(feed, client)
    const run = client.epoch === feed.epoch ? feed.window.after(client.seq) : null
    if (run !== null) {
      next = undefined
      await client.deliver(run.frames, run.last - client.seq, now)
      client.seq = run.last
      continue
    }
    const page = await readPage(feed, client, next ?? feed.page(client.seq, limit))
    next = undefined
    if (page === null || client.closed || client.reset !== null) continue
    if (!isContinuation(feed, client, page)) continue
    // The log holds less than was told: its follower will say so.
    if (page.batch === null) return handOver(feed, client)
    const { first, last, frames } = page.batch
    const count = last - first + 1
    const delivery = client.deliver(frames, count, now)
    client.seq = last
    const pageBytes = client.isSlow ? smallPageBytes : largePageBytes
    limit = Math.min(mostPageEvents, Math.ceil((pageBytes * count) / frames.length))
    // Reads on while the socket takes this page.
    if (client.stalledSince === null && last < page.head) next = feed.page(last, limit)
    next?.catch(() => undefined)
    await delivery
  }
}

/** Up to where it is served here. While the feed has not noticed a new epoch, its head says nothing. */
function goal(feed: Feed, client: SseClient): number {
  return client.epoch === feed.epoch ? Math.max(feed.head, client.catchUpTo ?? 0) : (client.catchUpTo ?? 0)
}

function handOver(feed: Feed, client: SseClient): void {
  if (client.catchUpTo !== null && client.seq >= client.catchUpTo) {
    client.catchUpTo = null
    client.write(control.caughtUp(client.seq), 0)
    feed.options.onEvent(client, 'caught up', { head: client.seq })
  }
  if (client.epoch === feed.epoch) feed.join(client)
  else client.state = 'ahead'
}

/** Returns true when the stream ended with it. */
function tellReset(feed: Feed, client: SseClient): boolean {
  if (client.reset === null) return false
  const { reason, epoch, head, gone } = client.reset
  client.reset = null
  client.epoch = epoch
  client.seq = 0
  client.catchUpTo = head
  client.write(control.reset(reason, head), 0)
  feed.options.onEvent(client, 'reset', { reason, head })
  if (!gone) return false
  client.write(control.gone, 0)
  feed.end(client, 'gone')
  return true
}

/** Waits and returns null when the log cannot be read now; a client that waits too long for it is dropped. */
async function readPage(feed: Feed, client: SseClient, reading: Promise<Page>): Promise<Page | null> {
  try {
    const page = await reading
    client.stalledSince = null
    return page
  } catch (error) {
    if (client.stalledSince === null)
      feed.options.onEvent(client, 'log unreadable', {
        error: error instanceof Error ? error.message : error,
      })
    client.stalledSince ??= feed.options.now()
    await new Promise((resolve) => setTimeout(resolve, retryMs))
    return null
  }
}

/** Whether a page goes on where the client stands; if not, the client has been or will be told `reset`. */
function isContinuation(feed: Feed, client: SseClient, page: Page): boolean {
  const { epoch, head, trimmedTo } = page
  if (client.epoch === '') client.epoch = epoch
  if (epoch !== client.epoch) {
    const gone = head === 0 && !feed.options.allowEmpty
    client.reset = { reason: resetReasons.epoch, epoch, head, gone }
    return false
  }
  const missingTo = Math.max(trimmedTo, (page.batch?.first ?? 0) - 1)
  if (client.seq >= missingTo) return true
  const reason = resetReasons.trimmed(missingTo)
  client.write(control.reset(reason, head), 0)
  feed.options.onEvent(client, 'reset', { reason, head })
  client.seq = missingTo
  client.catchUpTo = head
  return true
}
