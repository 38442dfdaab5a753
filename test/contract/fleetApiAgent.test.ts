import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, eventsOf, modelEnv, seen } from '../fakes/agentRun.ts'
import { startBreakglass, until, type Breakglass } from '../fakes/breakglass.ts'
import { modelServer, type ModelServer } from '../fakes/modelServer.ts'

let model: ModelServer
let server: Breakglass
beforeAll(async () => {
  model = await modelServer()
  server = await startBreakglass(modelEnv(model))
})
afterAll(async () => {
  await server.stop()
  await model.stop()
})

test('an agent looks at the fleet without asking anybody', async () => {
  await until('the first poll', async () => {
    const { json } = await server.api('GET', '/api/fleet/hosts/local')
    return json.last_seen !== null
  })
  model.decide(({ messages }) => {
    const told = messages.some(({ role }) => role === 'tool')
    if (told) return { content: 'This machine is online.' }
    return { toolCalls: [{ name: 'fleet', arguments: JSON.stringify({ what: 'hosts' }) }] }
  })
  const id = await ask(server, 'How are the hosts?')
  await seen(server, id, 'turn_end')
  const events = await eventsOf(server, id)
  expect(events.find(({ kind }) => kind === 'tool')).toMatchObject({
    name: 'fleet',
    input: { what: 'hosts' },
  })
  expect(events.some(({ kind }) => kind === 'approval')).toBe(false)
  const output = events.find(({ kind }) => kind === 'tool_output')
  expect(output).toMatchObject({ exit_code: 0, stdout: expect.stringContaining('local: ') })
  expect(events.find(({ kind }) => kind === 'result')).toMatchObject({ result: 'This machine is online.' })
})
