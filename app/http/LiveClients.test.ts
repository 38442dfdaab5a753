import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { toBatch } from '#app/eventlog/frame.ts'
import { FrameWindow } from './FrameWindow.ts'
import { LiveClients } from './LiveClients.ts'
import { SseClient } from './SseClient.ts'

const epoch = 'e1'

/** What a socket got, one entry a write; `stuck` takes nothing. */
class Sink extends Writable {
  readonly pieces: string[] = []
  stuck = false

  override _write(piece: Buffer, _encoding: string, done: () => void): void {
    this.pieces.push(piece.toString())
    if (!this.stuck) done()
  }
}

function clientAt(seq: number): { client: SseClient; sink: Sink } {
  const sink = new Sink({ highWaterMark: 100 })
  // A client only writes to its socket and asks how full it is.
  const socket = sink as unknown as Socket
  const who = {
    id: 'a',
    requestId: 'r',
    expiresAt: Infinity,
    stillValid: undefined,
    openedAt: 0,
    pingAt: 0,
  }
  return { client: new SseClient(socket, who, { epoch, seq, head: seq }), sink }
}

const idsIn = (text: string): number[] => [...text.matchAll(/^id: e1\.(\d+)$/gm)].map(([, id]) => Number(id))

describe('LiveClients', () => {
  let window: FrameWindow
  let head: number
  let clock: number
  /** How far the clock goes on between two looks at it: the time that a flush takes. */
  let flushMs: number
  let behind: SseClient[]
  let live: LiveClients

  beforeEach(() => {
    vi.useFakeTimers()
    window = new FrameWindow(epoch)
    head = 0
    clock = 0
    flushMs = 0
    behind = []
    live = new LiveClients(0, {
      window: () => window,
      now: () => (clock += flushMs),
      onBehind: (client) => behind.push(client),
      onFlush: () => undefined,
    })
  })

  afterEach(() => {
    live.close()
    vi.useRealTimers()
  })

  function append(): void {
    window.push(toBatch(epoch, head, [{ kind: 'text', text: 'x'.repeat(200) }]))
    live.advance(++head)
  }

  test('writes at once when idle', () => {
    const { client, sink } = clientAt(0)
    expect(live.join(client)).toBe(true)
    append()
    append()
    expect(sink.pieces.map(idsIn)).toEqual([[1], [2]])
  })

  test('gathers what comes while it rests from a long flush', () => {
    const { client, sink } = clientAt(0)
    live.join(client)
    flushMs = 20
    append()
    flushMs = 0
    append()
    append()
    expect(sink.pieces.map(idsIn)).toEqual([[1]])
    clock += 25
    vi.runAllTimers()
    expect(sink.pieces.map(idsIn)).toEqual([[1], [2, 3]])
  })

  test('serves thousands in lanes, each of which takes along what came meanwhile, and nobody twice', () => {
    const all = Array.from({ length: 2500 }, () => clientAt(0))
    for (const { client } of all) expect(live.join(client)).toBe(true)
    flushMs = 7
    append()
    append()
    flushMs = 0
    clock += 25
    vi.runAllTimers()
    expect(all[0]?.sink.pieces.map(idsIn)).toEqual([[1], [2]])
    expect(all[2499]?.sink.pieces.map(idsIn)).toEqual([[1, 2]])
    for (const { sink } of all) expect(sink.pieces.flatMap(idsIn)).toEqual([1, 2])
  })

  test('takes nobody in who has more than has been sent, or less', () => {
    live.join(clientAt(0).client)
    append()
    expect(live.join(clientAt(0).client)).toBe(false)
    expect(live.join(clientAt(2).client)).toBe(false)
    expect(live.join(clientAt(1).client)).toBe(true)
  })

  test('hands over who cannot take more, with how far it was served, and goes on with the others', () => {
    const [stuck, other] = [clientAt(0), clientAt(0)]
    stuck.sink.stuck = true
    live.join(stuck.client)
    live.join(other.client)
    append()
    append()
    expect(behind).toEqual([stuck.client])
    expect(stuck.client.seq).toBe(1)
    expect(stuck.sink.pieces.map(idsIn)).toEqual([[1]])
    expect(other.sink.pieces.flatMap(idsIn)).toEqual([1, 2])
  })

  test('hands over all when the window has lost what comes next', () => {
    const clients = [clientAt(0), clientAt(0)]
    for (const { client } of clients) live.join(client)
    window.push(toBatch(epoch, 5, [{ kind: 'text', text: 'after a gap' }]))
    live.advance(6)
    expect(behind).toEqual(clients.map(({ client }) => client))
    expect(clients.map(({ client, sink }) => [client.seq, sink.pieces])).toEqual([
      [0, []],
      [0, []],
    ])
  })

  test('writes no more to who has left', () => {
    const { client, sink } = clientAt(0)
    live.join(client)
    live.delete(client)
    append()
    expect(sink.pieces).toEqual([])
  })
})
