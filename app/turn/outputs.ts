import { createHash } from 'node:crypto'
import type { EventLog, StreamSummary } from '#app/eventlog/EventLog.ts'
import type { OutputPiece } from '#app/tool/output.ts'
import { OutputWriter } from './OutputWriter.ts'
import { parseOutput, readOutput } from './readOutput.ts'

const megabyte = 1024 * 1024
/** Room is made each time so much was stored. */
const stepBytes = 8 * megabyte
const listedAtOnce = 500
const readAtOnce = 20
/** More streams than that are not looked through: the oldest go. */
const maxOutputs = 2000

export interface Outputs {
  /** Keeps the output of a call, from its begin; what an earlier process kept of the same call goes. */
  open: (sessionId: string, call: string) => OutputWriter
  /** What is kept, in pieces, from the one on in which line `from` begins; null when nothing is, or not any more. */
  read: (sessionId: string, call: string, from?: number) => Promise<AsyncIterable<OutputPiece> | null>
}

export interface OutputsLimits {
  /** Of all outputs together, as they are stored; the oldest go first. */
  maxStoredBytes: number
  /** Of one output, as text; what comes after is dropped. */
  maxTextBytes: number
}

const defaults: OutputsLimits = { maxStoredBytes: 256 * megabyte, maxTextBytes: 128 * megabyte }

/** Whole outputs of calls whose event was capped, each in a log stream of its own. */
export function createOutputs(log: EventLog, limits: Partial<OutputsLimits> = {}): Outputs {
  const { maxStoredBytes, maxTextBytes } = { ...defaults, ...limits }
  const step = Math.min(stepBytes, maxStoredBytes / 8)
  /** Sizes of streams as they were when they stood at `head`. */
  const sizes = new Map<string, { epoch: string; head: number; bytes: number }>()
  // The first one finds out what earlier processes left.
  let sinceRoomMade = step
  let making: Promise<void> | null = null

  async function makeRoom(): Promise<void> {
    const found = await list()
    const names = new Set(found.map(({ stream }) => stream))
    for (const stream of sizes.keys()) if (!names.has(stream)) sizes.delete(stream)
    const bytes = await sizesOf(found)
    let sum = 0
    for (const [i, { stream }] of found.entries()) {
      sum += bytes[i] ?? 0
      // The newest stays, however large: it is being written, or was a moment ago.
      if (i === 0 || (sum <= maxStoredBytes - step && i < maxOutputs)) continue
      await log.remove(stream)
      sizes.delete(stream)
    }
  }

  /** Newest first. */
  async function list(): Promise<StreamSummary[]> {
    const found: StreamSummary[] = []
    for (;;) {
      const page = await log.streams('output:', listedAtOnce, found.at(-1)?.updated)
      found.push(...page)
      if (page.length < listedAtOnce) return found
    }
  }

  async function sizesOf(streams: StreamSummary[]): Promise<number[]> {
    const found: number[] = []
    for (let at = 0; at < streams.length; at += readAtOnce)
      found.push(...(await Promise.all(streams.slice(at, at + readAtOnce).map(sizeOf))))
    return found
  }

  async function sizeOf({ stream, epoch, head }: StreamSummary): Promise<number> {
    const known = sizes.get(stream)
    if (known?.epoch === epoch && known.head === head) return known.bytes
    const { batch } = await log.page(stream, head - 1, 1)
    if (batch === null) return 0
    const bytes = (parseOutput(batch.frames)[0]?.stored ?? 0) + batch.frames.length
    sizes.set(stream, { epoch, head, bytes })
    return bytes
  }

  return {
    open(sessionId, call) {
      return new OutputWriter({
        log,
        stream: streamOf(sessionId, call),
        maxTextBytes,
        async onStored(bytes) {
          sinceRoomMade += bytes
          if (sinceRoomMade < step && making === null) return
          sinceRoomMade = 0
          // With the log away the next one makes up for it.
          making ??= makeRoom()
            .catch(() => undefined)
            .finally(() => (making = null))
          await making
        },
      })
    },
    async read(sessionId, call, from = 0) {
      const stream = streamOf(sessionId, call)
      const { epoch, seq } = await log.head(stream)
      return seq === 0 ? null : readOutput(log, stream, epoch, from)
    },
  }
}

/** Ids of calls may come from a model's server; what fits no stream's name is hashed. */
function streamOf(sessionId: string, call: string): string {
  const fits = /^[A-Za-z0-9._-]{1,100}$/.test(call)
  return `output:${sessionId}.${fits ? call : createHash('sha256').update(call).digest('hex')}`
}
