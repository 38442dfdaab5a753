import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EventLog, Position } from '../EventLog.ts'
import { createEpoch, createTicket, toBatch } from '../frame.ts'
import { newStream, none, readAll, texts } from './logTools.ts'

/** Several writers against a model of who owns which seq. */
export function testInterleavings(log: () => EventLog): void {
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
