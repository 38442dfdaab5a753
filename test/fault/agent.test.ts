import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { SessionEvent } from '#app/schema/events.ts'
import { ask, decide, eventsOf, linesOf, modelEnv, seen, works } from '../fakes/agentRun.ts'
import { startBreakglass, until, type Breakglass } from '../fakes/breakglass.ts'
import { modelServer, sayText, type ModelServer } from '../fakes/modelServer.ts'
import { RedisServer } from '../fakes/redisServer.ts'
import { isCaughtUp, openSse } from '../fakes/sseClient.ts'
import { startSshd } from '../fakes/sshd.ts'

// A replica is held for dead after 15 s without a heartbeat.
vi.setConfig({ testTimeout: 120_000 })

let model: ModelServer
let folder: string
let file: string
let stops: (() => Promise<unknown>)[]
beforeEach(async () => {
  model = await modelServer()
  folder = await mkdtemp(join(tmpdir(), 'breakglass-agent-'))
  file = join(folder, 'ran')
  stops = [() => model.stop(), () => rm(folder, { recursive: true, force: true })]
})
afterEach(async () => {
  for (const stop of stops.toReversed()) await stop()
})

async function start(env: Record<string, string> = {}): Promise<Breakglass> {
  const server = await startBreakglass({ ...modelEnv(model), ...env })
  stops.push(() => server.stop())
  return server
}

const change = () => `echo ran >> ${file}`
const look = () => `cat ${file}`

const kindsOf = (events: SessionEvent[]) => events.map(({ kind }) => kind)
const outputsOf = (events: SessionEvent[]) => events.filter((event) => event.kind === 'tool_output')

function expectWellFormed(events: SessionEvent[]): void {
  expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1))
  expect(kindsOf(events).filter((kind) => kind === 'turn_end')).toHaveLength(1)
  const calls = events.flatMap((event) => (event.kind === 'tool' ? [event.call] : []))
  expect(new Set(calls).size).toBe(calls.length)
  expect(outputsOf(events).map(({ call }) => call)).toEqual(calls)
  const started = events.flatMap((event) => (event.kind === 'started' ? [event.call] : []))
  expect(new Set(started).size).toBe(started.length)
}

describe('the server is killed and started again', () => {
  test('before the first token: the model is asked again', async () => {
    const server = await start()
    model.say(sayText('never seen', { latency: 60_000 }))
    model.decide(works([], 'All is well.'))
    const id = await ask(server)
    await model.requested(1)
    await server.restart('SIGKILL')
    const events = await seen(server, id, 'turn_end')
    expectWellFormed(events)
    expect(kindsOf(events)).toEqual(['session', 'user', 'takeover', 'text', 'usage', 'result', 'turn_end'])
  })

  test('in mid-text: what was said is marked, and the answer is whole', async () => {
    const server = await start()
    model.say(sayText('The disk is nearly full.', { chunkSize: 4, wire: { holdAfter: 'disk' } }))
    model.decide(works([], 'The disk is full.'))
    const id = await ask(server)
    await seen(server, id, 'text')
    await server.restart('SIGKILL')
    const events = await seen(server, id, 'turn_end')
    expectWellFormed(events)
    expect(events.find((event) => event.kind === 'notice')).toMatchObject({ again: true })
    expect(events.find((event) => event.kind === 'result')).toMatchObject({ result: 'The disk is full.' })
  })

  test('during a command that only reads: it runs again', async () => {
    const server = await start()
    model.decide(works(['sleep 4'], 'Slept.'))
    const id = await ask(server)
    await seen(server, id, 'tool')
    await server.restart('SIGKILL')
    const events = await seen(server, id, 'turn_end')
    expectWellFormed(events)
    expect(outputsOf(events)).toMatchObject([{ exit_code: 0 }])
    expect(events.at(-1)).toMatchObject({ reason: 'done' })
  })

  test('during a command that changes something: its end is unknown, it never runs again, the agent looks', async () => {
    const server = await start()
    model.decide(works([`${change()}; sleep 5`, change(), look()], 'It ran once.'))
    const id = await ask(server)
    expect((await decide(server, id, 'approve')).status).toBe(200)
    await until('the command runs', async () => (await linesOf(file)) === 1)
    await server.restart('SIGKILL')
    const events = await seen(server, id, 'turn_end')
    expectWellFormed(events)
    expect(await linesOf(file)).toBe(1)
    expect(outputsOf(events)).toMatchObject([
      { exit_code: null, failed_leg: 'lost' },
      { refused: true },
      { exit_code: 0, stdout: 'ran\n' },
    ])
  })

  test('while an approval waits: the same card waits on, and its command runs once', async () => {
    const server = await start()
    model.decide(works([change(), look()], 'Mended.'))
    const id = await ask(server)
    await seen(server, id, 'approval')
    await server.restart('SIGKILL')
    await seen(server, id, 'takeover')
    expect((await server.api('GET', `/api/session/${id}`)).json.pending_approval).toBeDefined()
    expect((await decide(server, id, 'approve')).status).toBe(200)
    const events = await seen(server, id, 'turn_end')
    expectWellFormed(events)
    expect(kindsOf(events).filter((kind) => kind === 'approval')).toHaveLength(1)
    expect(await linesOf(file)).toBe(1)
  })

  test('with SIGTERM while an approval waits: it goes at once, and the card waits on after the start', async () => {
    const server = await start()
    model.decide(works([change(), look()], 'Mended.'))
    const id = await ask(server)
    await seen(server, id, 'approval')
    const asked = performance.now()
    expect(await server.kill('SIGTERM')).toBe(0)
    // A turn that runs is given 18 s; one that waits is not waited for.
    expect(performance.now() - asked).toBeLessThan(12_000)
    await server.restart()
    await seen(server, id, 'takeover')
    expect((await decide(server, id, 'approve')).status).toBe(200)
    expectWellFormed(await seen(server, id, 'turn_end'))
    expect(await linesOf(file)).toBe(1)
  })

  test('a model server that repeats the key gets it into no log', async () => {
    const server = await start()
    model.decide(() => ({ error: { message: 'sk-test-0123456789abcdef is wrong' }, status: 401 }))
    const id = await ask(server)
    await seen(server, id, 'turn_end')
    expect(server.output()).not.toContain('0123456789abcdef')
    expect(JSON.stringify(await eventsOf(server, id))).not.toContain('0123456789abcdef')
  })
})

describe('two replicas', () => {
  let redis: RedisServer
  let owner: Breakglass
  let other: Breakglass
  beforeEach(async () => {
    redis = await RedisServer.start()
    stops.push(() => redis.stop())
    owner = await start({ REDIS_URL: redis.url })
    other = await start({ REDIS_URL: redis.url })
  })

  test('the owner is killed between approval and execution: the other one runs it, once', async () => {
    model.decide(works([change(), look()], 'Mended.'))
    const id = await ask(owner)
    await seen(owner, id, 'approval')
    process.kill(owner.pid, 'SIGSTOP')
    expect((await decide(other, id, 'approve')).status).toBe(200)
    await owner.kill('SIGKILL')
    const events = await seen(other, id, 'turn_end')
    expectWellFormed(events)
    expect(await linesOf(file)).toBe(1)
    expect(kindsOf(events)).toContain('takeover')
  })

  test('an approval is decided on the replica that does not own the turn, and both phones are told the same', async () => {
    model.decide(works([change(), look()], 'Mended.'))
    const id = await ask(owner)
    await seen(owner, id, 'approval')
    const answers = await Promise.all([decide(owner, id, 'approve'), decide(other, id, 'deny')])
    const events = await seen(other, id, 'turn_end')
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409])
    const [decision] = events.filter((event) => event.kind === 'decision')
    for (const { json } of answers) expect(json.decision).toBe(decision?.decision)
    expect(await linesOf(file)).toBe(decision?.decision === 'approve' ? 1 : 0)
  })

  test('two phones on two replicas press approve and deny at once, 200 times: one decision each, both told the same', async () => {
    model.decide(works([change(), look()], 'Mended.'))
    const press = async (): Promise<string> => {
      const id = await ask(owner)
      await seen(owner, id, 'approval')
      const answers = await Promise.all([decide(owner, id, 'approve'), decide(other, id, 'deny')])
      const events = await seen(owner, id, 'turn_end')
      const decisions = events.filter((event) => event.kind === 'decision')
      expect(decisions).toHaveLength(1)
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409])
      for (const { json } of answers) expect(json.decision).toBe(decisions[0]?.decision)
      return decisions[0]?.decision ?? ''
    }
    const won: string[] = []
    for (let pressed = 0; pressed < 200; pressed += 5)
      won.push(...(await Promise.all(Array.from({ length: 5 }, press))))
    expect(won).toHaveLength(200)
    expect(await linesOf(file)).toBe(won.filter((decision) => decision === 'approve').length)
  })

  test('a paused owner that wakes up says nothing more, and its command ran once', async () => {
    model.decide(works([`${change()}; sleep 3`, look()], 'Mended.'))
    const id = await ask(owner)
    await decide(owner, id, 'approve')
    await until('the command runs', async () => (await linesOf(file)) === 1)
    process.kill(owner.pid, 'SIGSTOP')
    const before = await seen(other, id, 'turn_end')
    process.kill(owner.pid, 'SIGCONT')
    await until('the owner has noticed', () => owner.output().includes('taken over by another replica'))
    const after = await eventsOf(other, id)
    expect(after).toEqual(before)
    expectWellFormed(after)
    expect(outputsOf(after)).toMatchObject([{ exit_code: null, failed_leg: 'lost' }, { exit_code: 0 }])
    expect(await linesOf(file)).toBe(1)
  })

  test('with Redis away a change is not begun: it waits, says so, and runs once Redis is back', async () => {
    const sshd = await startSshd()
    stops.push(() => sshd.stop())
    const target = { host: '127.0.0.1', port: sshd.port, user: sshd.user, key_file: sshd.keyFile }
    const config = { targets: { box: { ...target, host_keys: sshd.hostKeys, mode: 'autonomous' } } }
    await writeFile(join(folder, 'b.yaml'), JSON.stringify(config))
    const server = await start({ REDIS_URL: redis.url, BREAKGLASS_CONFIG: join(folder, 'b.yaml') })
    const calls = { toolCalls: [{ name: 'shell', arguments: JSON.stringify({ command: change() }) }] }
    model.say({ response: { content: 'I mend it.', ...calls }, wire: { holdAfter: 'mend' } })
    model.decide(works([change(), look()], 'Mended.'))
    const id = await ask(server)
    await model.held(1)
    const client = await openSse(`${server.url}/api/session/${id}/stream`)
    await client.until(isCaughtUp)
    await redis.kill()
    model.release()
    await client.until((frame) => frame.data?.kind === 'notice')
    expect(await linesOf(file)).toBe(0)
    await redis.restart()
    const events = await seen(server, id, 'turn_end')
    client.close()
    expectWellFormed(events)
    expect(await linesOf(file)).toBe(1)
  })
})
