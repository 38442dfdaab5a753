import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startBreakglass, until, type Breakglass } from '../fakes/breakglass.ts'
import { RedisServer } from '../fakes/redisServer.ts'
import { isCaughtUp, openSse } from '../fakes/sseClient.ts'

let redis: RedisServer
let server: Breakglass
beforeEach(async () => {
  redis = await RedisServer.start()
  server = await startBreakglass({ REDIS_URL: redis.url })
})
afterEach(async () => {
  await server.stop()
  await redis.stop()
})

interface Event {
  kind: string
  id: number
  call?: string
}

const begin = async (): Promise<string> => {
  const id: string = (await server.api('POST', '/api/session', {})).json.session_id
  return id
}
const attach = (id: string, lastEventId?: string) =>
  openSse(`${server.url}/api/session/${id}/stream`, { lastEventId })
const isKind = (kind: string) => (frame: { data: Event | undefined }) => frame.data?.kind === kind

/** All events as its pages tell them, once the log answers. */
async function stored(id: string): Promise<Event[]> {
  const events: Event[] = []
  for (let head = 1; events.length < head;) {
    const page = await until('a page', async () => {
      const answer = await server.api('GET', `/api/session/${id}/events?after=${events.length}&limit=5000`)
      return answer.status === 200 && answer.json
    })
    events.push(...page.events)
    head = page.head
  }
  return events
}

function expectWhole(events: Event[]): void {
  expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1))
  const calls = events.filter(({ kind }) => kind === 'tool').map(({ call }) => call)
  const outputs = events.filter(({ kind }) => kind === 'tool_output').map(({ call }) => call)
  expect(outputs.toSorted()).toEqual(calls.toSorted())
}

describe('Redis is restarted in mid-turn', () => {
  test('attached clients see every event once and in order, and so does who attaches later', async () => {
    const id = await begin()
    const clients = await Promise.all([attach(id), attach(id)])
    await server.api('POST', `/api/session/${id}/prompt`, { preset: 'triage' })
    await Promise.all(clients.map((client) => client.until(isKind('tool'))))
    await redis.kill()
    await redis.restart()
    await Promise.all(clients.map((client) => client.until(isKind('turn_end'))))
    const [first, second] = clients.map((client) => client.events())
    expectWhole(first ?? [])
    expect(second).toEqual(first)
    const late = await attach(id)
    await late.until(isCaughtUp)
    expect(late.events()).toEqual(first)
    for (const client of [...clients, late]) client.close()
  })

  test('while it is away the turn goes on, live for who is attached, and stands in the log afterwards', async () => {
    const id = await begin()
    const client = await attach(id)
    await server.api('POST', `/api/session/${id}/prompt`, { preset: 'triage' })
    await client.until(isKind('tool'))
    await redis.kill()
    await client.until(isKind('finding'))
    expect((await server.api('POST', '/api/session', {})).json).toMatchObject({ code: 'log_unavailable' })
    await redis.restart()
    await client.until(isKind('turn_end'))
    expectWhole(client.events())
    expect(await stored(id)).toEqual(client.events())
    client.close()
  })
})

test('a running turn can be stopped while Redis is away, and the log says so afterwards', async () => {
  const id = await begin()
  const client = await attach(id)
  await server.api('POST', `/api/session/${id}/prompt`, { preset: 'triage' })
  await client.until(isKind('tool'))
  await redis.kill()
  const stopped = await server.api('POST', `/api/session/${id}/cancel`)
  // With the machine busy the turn may have ended first, which is as good an end.
  await client.until(isKind('turn_end'))
  if (stopped.status === 200) expect(client.events().at(-1).reason).toBe('cancelled')
  expectWhole(client.events())
  await redis.restart()
  expect(await stored(id)).toEqual(client.events())
  client.close()
})

describe('Redis is wiped', () => {
  test('attached clients get reset and gone, and the session is no more', async () => {
    const id = await begin()
    const client = await attach(id)
    await client.until(isCaughtUp)
    await redis.wipe()
    expect((await client.until(({ event }) => event === 'reset')).data).toMatchObject({ head: 0 })
    await client.until(({ event }) => event === 'gone')
    await client.closed
    expect((await attach(id)).status).toBe(404)
  })
})

describe('two replicas on one Redis', () => {
  let other: Breakglass
  beforeEach(async () => {
    other = await startBreakglass({ REDIS_URL: redis.url })
  })
  afterEach(() => other.stop())

  test('a client of one sees the turn that the other runs, and can stop it', async () => {
    const id = await begin()
    const client = await openSse(`${other.url}/api/session/${id}/stream`)
    await server.api('POST', `/api/session/${id}/prompt`, { preset: 'triage' })
    await client.until(isKind('tool'))
    expect((await other.api('POST', `/api/session/${id}/cancel`)).json).toEqual({ cancelled: true })
    const end = await client.until(isKind('turn_end'))
    expect(end.data.reason).toBe('cancelled')
    expectWhole(client.events())
    client.close()
  })

  test('prompts to both at once start one turn', async () => {
    const id = await begin()
    const answers = await Promise.all(
      [server, other].map((replica) => replica.api('POST', `/api/session/${id}/prompt`, { preset: 'disk' })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409])
  })

  test('one is killed in mid-turn: the other takes over and finishes, nothing missing, nothing twice', async () => {
    const id = await begin()
    const client = await openSse(`${other.url}/api/session/${id}/stream`)
    await server.api('POST', `/api/session/${id}/prompt`, { preset: 'triage' })
    await client.until(isKind('tool'))
    await server.kill('SIGKILL')
    await until('the turn has ended', () => client.events().at(-1)?.kind === 'turn_end', 40_000)
    expectWhole(client.events())
    expect(client.events().filter(({ kind }) => kind === 'takeover')).toHaveLength(1)
    client.close()
  }, 60_000)
})
