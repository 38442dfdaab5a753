import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBreakglass, until, type Breakglass } from '../fakes/breakglass.ts'

// A server of its own, in the folder where tmux has this account's: it is told from others by its socket.
const socket = `breakglass-test-${process.pid}`
const tmux = (...args: string[]) => execFileSync('tmux', ['-L', socket, ...args], { encoding: 'utf8' }).trim()
const mine = (one: any) => one.attach_command.includes(socket)

let server: Breakglass
beforeAll(async () => {
  tmux('new-session', '-d', '-s', 'chat', 'sleep 900')
  tmux('new-session', '-d', '-s', 'chatty', 'sleep 900')
  server = await startBreakglass()
})
afterAll(async () => {
  await server?.stop()
  try {
    tmux('kill-server')
  } catch {
    // It ends with its last session.
  }
})

const sessions = async () => (await server.api('GET', '/api/fleet/tmux')).json.filter(mine)
const seen = (name: string) =>
  until(`${name} is seen`, async () => (await sessions()).find((one: any) => one.name === name))

describe('without configuration', () => {
  test('the fleet is this machine, the target local', async () => {
    expect((await server.api('GET', '/api/fleet')).json).toEqual({
      ...{ configured: false, hosts: 1, alerts_enabled: true },
    })
    const host = await until('the first poll', async () => {
      const { json } = await server.api('GET', '/api/fleet/hosts/local')
      return json.last_seen !== null && json
    })
    expect(host).toMatchObject({ local: true, target: 'local', memory_total_mb: expect.any(Number) })
    expect((await server.api('GET', '/api/fleet/hosts')).json).toHaveLength(1)
    expect((await server.api('GET', '/api/alerts')).status).toBe(200)
  })

  test('its tmux sessions are seen, and one is killed over HTTP', async () => {
    const { id } = await seen('chat')
    await seen('chatty')
    const path = `/api/fleet/tmux/${id}`
    expect(await server.api('POST', `${path}/kill-token`)).toMatchObject({
      status: 409,
      json: { code: 'active' },
    })
    const { token } = (await server.api('POST', `${path}/kill-token`, { active: true })).json
    expect(await server.api('POST', `${path}/kill`, { token })).toMatchObject({
      status: 200,
      json: { killed: true, survivors: [] },
    })
    expect(tmux('ls', '-F', '#{session_name}')).toBe('chatty')
    await until('it is gone from the list', async () => {
      const left = await sessions()
      return left.length === 1 && left[0].name === 'chatty'
    })
    expect(server.output()).toMatch(/"audit":"fleet\.kill".*"outcome":"killed"/)
  })

  test('history begins with the first poll', async () => {
    const from = new Date(Date.now() - 600_000).toISOString()
    const series = await until('a figure', async () => {
      const { json } = await server.api('GET', `/api/fleet/hosts/local/history?from=${from}`)
      return json.series.find((one: any) => one.metric === 'memory_percent')
    })
    expect(series.mean.some((value: number | null) => value !== null && value > 0)).toBe(true)
  })
})
