import { createServer } from 'node:net'
import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { startBreakglass, until, type Breakglass } from '../fakes/breakglass.ts'

let server: Breakglass
afterEach(() => server.stop())

interface Event {
  kind: string
  id: number
  call?: string
  reason?: string
}

const events = async (id: string): Promise<Event[]> =>
  (await server.api('GET', `/api/session/${id}/events?limit=5000`)).json.events

async function midTurn(env: Record<string, string> = {}): Promise<string> {
  server = await startBreakglass(env)
  const id: string = (await server.api('POST', '/api/session', {})).json.session_id
  await server.api('POST', `/api/session/${id}/prompt`, { preset: 'triage' })
  await until('a tool runs', async () => (await events(id)).some((event) => event.kind === 'tool'))
  return id
}

const ended = (id: string) =>
  until('the turn has ended', async () => {
    const all = await events(id)
    return all.at(-1)?.kind === 'turn_end' && all
  })

function expectWellFormed(all: Event[]): void {
  expect(all.map((event) => event.id)).toEqual(all.map((_, index) => index + 1))
  expect(all.filter((event) => event.kind === 'turn_end')).toHaveLength(1)
  const calls = all.filter((event) => event.kind === 'tool').map((event) => event.call)
  const outputs = all.filter((event) => event.kind === 'tool_output').map((event) => event.call)
  expect(new Set(calls).size).toBe(calls.length)
  expect(outputs.toSorted()).toEqual(calls.toSorted())
}

describe('the server is killed in mid-turn', () => {
  test('and started again: the turn is taken over and finished, nothing missing, nothing twice', async () => {
    const id = await midTurn()
    await server.restart('SIGKILL')
    const all = await ended(id)
    expectWellFormed(all)
    expect(all.at(-1)?.reason).toBe('done')
    expect(all.filter((event) => event.kind === 'takeover')).toHaveLength(1)
    expect((await server.api('GET', `/api/session/${id}`)).json.state).toBe('idle')
  })

  test('again and again: the turn is closed with a plain word instead of being tried for ever', async () => {
    const id = await midTurn()
    for (let kills = 0; kills < 4; kills++) {
      await server.restart('SIGKILL')
      await until(`take-over ${kills + 1}`, async () => {
        const takeovers = (await events(id)).filter((event) => event.kind === 'takeover').length
        return takeovers > kills || (await events(id)).at(-1)?.kind === 'turn_end'
      })
    }
    const all = await ended(id)
    expectWellFormed(all)
    expect(['done', 'interrupted']).toContain(all.at(-1)?.reason)
    expect((await server.api('GET', `/api/session/${id}`)).json.state).toBe('idle')
  })
})

test('a start that fails for a taken port touches nobody’s turn', async () => {
  const id = await midTurn()
  await server.kill('SIGKILL')
  const before = server.output().length
  const taken = createServer().listen(Number(new URL(server.url).port), '127.0.0.1')
  await once(taken, 'listening')
  await expect(server.restart()).rejects.toThrow(/BREAKGLASS_LISTEN/)
  expect(server.output().slice(before)).not.toContain('turn taken over')
  await new Promise((closed) => taken.close(closed))
  await server.restart()
  expect((await ended(id)).filter((event) => event.kind === 'takeover')).toHaveLength(1)
})

describe('SIGTERM', () => {
  test('lets a running turn end, then exits by itself with 0', async () => {
    const id = await midTurn()
    expect(await server.kill('SIGTERM')).toBe(0)
    await server.restart()
    const all = await events(id)
    expectWellFormed(all)
    expect(all.at(-1)?.reason).toBe('done')
    expect(all.some((event) => event.kind === 'takeover')).toBe(false)
  })
})
