import { describe, expect, it, vi } from 'vitest'
import type { AppendResult, EventLog, NewEvent, Position } from '#app/eventlog/EventLog.ts'
import { VmJournal } from './VmJournal.ts'

const batch = (seq: number) => ({ epoch: 'e', first: seq, last: seq, frames: Buffer.alloc(0) })

/** A log whose `head` and `append` are scripted; the journal calls nothing else. */
function journalOver(script: {
  head?: () => Promise<Position>
  append: (expected: Position, events: NewEvent[]) => Promise<AppendResult>
}) {
  const warn = vi.fn()
  const log = {
    head: script.head ?? (() => Promise.resolve({ epoch: '', seq: 0 })),
    append: (_stream: string, expected: Position, events: NewEvent[]) => script.append(expected, events),
  } as unknown as EventLog // the two methods that a journal uses
  return { journal: new VmJournal({ log, stream: 'vm:x', logger: { warn }, timeoutMs: 50 }), warn }
}

describe('VmJournal', () => {
  it('appends in order, each after the other', async () => {
    const written: string[] = []
    let seq = 0
    const { journal, warn } = journalOver({
      append: async (expected, events) => {
        expect(expected.seq).toBe(seq)
        written.push(...events.map(({ kind }) => kind))
        seq += events.length
        return { ok: true, batch: batch(seq) }
      },
    })
    journal.push({ kind: 'requested' })
    journal.push({ kind: 'dispatched' })
    await journal.flushed()
    journal.push({ kind: 'outcome' })
    await journal.flushed()
    expect(written).toEqual(['requested', 'dispatched', 'outcome'])
    expect(warn).not.toHaveBeenCalled()
  })

  it('reads on and tries again when another replica wrote first', async () => {
    const expectedAt: number[] = []
    const { journal } = journalOver({
      append: async ({ seq }) => {
        expectedAt.push(seq)
        return seq === 7
          ? { ok: true, batch: batch(8) }
          : { ok: false, reason: 'conflict', epoch: 'e', head: 7 }
      },
    })
    journal.push({ kind: 'outcome' })
    await journal.flushed()
    expect(expectedAt).toEqual([0, 7])
  })

  it.each([
    ['throws', () => Promise.reject(new Error('gone'))],
    [
      'throws at once',
      () => {
        throw new Error('gone')
      },
    ],
    ['never answers', () => new Promise<AppendResult>(() => undefined)],
  ])('drops events, and says so, when the log %s', async (_what, append) => {
    const { journal, warn } = journalOver({ append })
    journal.push({ kind: 'requested' })
    await journal.flushed()
    expect(warn).toHaveBeenCalledWith(
      expect.objectContaining({ stream: 'vm:x', events: 1 }),
      expect.any(String),
    )
  })

  it('writes nothing of an attempt that was given up, lest it come after newer events', async () => {
    const stale = Promise.withResolvers<Position>()
    const written: string[] = []
    let asked = 0
    const { journal } = journalOver({
      head: () => (++asked === 1 ? stale.promise : Promise.resolve({ epoch: '', seq: 0 })),
      append: async (_expected, events) => {
        written.push(...events.map(({ kind }) => kind))
        return { ok: true, batch: batch(written.length) }
      },
    })
    journal.push({ kind: 'requested' })
    await journal.flushed()
    journal.push({ kind: 'outcome' })
    await journal.flushed()
    stale.resolve({ epoch: '', seq: 0 })
    await new Promise(setImmediate)
    expect(written).toEqual(['outcome'])
  })

  it('holds a bounded number of events', async () => {
    const { journal, warn } = journalOver({ append: () => new Promise<AppendResult>(() => undefined) })
    for (let event = 0; event < 500; event += 1) journal.push({ kind: 'output' })
    expect(warn).toHaveBeenCalledTimes(300)
    await journal.flushed()
  })
})
