import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { until } from '../fakes/breakglass.ts'
import { fleetRoot, whyNoFleetRoot, type FleetRoot } from '../fakes/fleetRoot.ts'
import { watchedFleet } from '../fakes/watchedFleet.ts'

const reason = whyNoFleetRoot()
const hourMs = 3_600_000
const ana = { name: 'ana', source: 'token' }
const ignore = () => undefined

let host: FleetRoot
let fleet: Awaited<ReturnType<typeof watchedFleet>>
beforeAll(async () => {
  if (reason !== undefined) return
  host = await fleetRoot('gpu1')
  await host.addUser('ana')
  fleet = await watchedFleet([{ host, keyFile: await host.installProbe() }])
}, 120_000)
beforeEach(({ skip }) => skip(reason !== undefined, reason))
afterAll(async () => {
  await fleet?.stop()
  await host?.stop()
})

const tmux = (line: string) => host.askAs('ana', `tmux ${line}`)
/** The old server may still be on its way out. */
async function anotherServer(session: string): Promise<void> {
  await tmux('kill-server')
  await until('a new tmux server', async () => {
    const { code } = await host.as('ana', `tmux new -d -s ${session} 'sleep 900'`)
    return code === 0
  })
}
const names = async () => (await tmux("ls -F '#{session_name}'")).split('\n')
const tokenFor = async (id: string) => (await fleet.open.kill.token(id, ana, true)).token

describe('over a real sshd, probe and tmux', () => {
  test('killing chat leaves chatty', async () => {
    await tmux("new -d -s chat 'sleep 900'")
    await tmux("new -d -s chatty 'sleep 900'")
    const { id, user } = await fleet.session('chat')
    expect(user).toBe('ana')
    const told: string[] = []
    const result = await fleet.open.kill.kill(id, await tokenFor(id), ana, (outcome) => told.push(outcome))
    expect(result).toEqual({ killed: true, survivors: [] })
    expect(told).toEqual(['requested', 'killed'])
    expect(await names()).toEqual(['chatty'])
  })

  test('what outlives a kill is listed', async () => {
    await tmux("new -d -s lives 'setsid nohup sleep 901 & exec sleep 902'")
    const { id } = await fleet.session('lives')
    await fleet.polled('gpu1')
    const { killed, survivors } = await fleet.open.kill.kill(id, await tokenFor(id), ana, ignore)
    expect(killed).toBe(true)
    expect(survivors).toEqual([{ pid: expect.any(Number), name: 'sleep', gpu_memory_mb: null }])
    await host.root.ask(`kill ${survivors[0]?.pid}`)
  })

  test('a token of one that was made anew under the same name kills nothing', async () => {
    await tmux("new -d -s again 'sleep 900'")
    const { id } = await fleet.session('again')
    const token = await tokenFor(id)
    await tmux('kill-session -t =again')
    await tmux("new -d -s again 'sleep 900'")
    expect(await fleet.open.kill.kill(id, token, ana, ignore)).toMatchObject({ killed: false, survivors: [] })
    expect(await names()).toContain('again')
    const fresh = await fleet.session('again', (one) => one.id !== id)
    await expect(tokenFor(id)).rejects.toMatchObject({ code: 'not_found' })
    const other = await tokenFor(fresh.id)
    await expect(fleet.open.kill.kill(id, other, ana, ignore)).rejects.toMatchObject({ code: 'forbidden' })
    expect(await names()).toContain('again')
  })

  test('nor does one whose number came again with a new server', async () => {
    await anotherServer('first')
    const { id } = await fleet.session('first')
    const token = await tokenFor(id)
    await anotherServer('other')
    expect(await tmux("ls -F '#{session_id}'")).toBe('$0')
    expect(await fleet.open.kill.kill(id, token, ana, ignore)).toMatchObject({ killed: false })
    expect(await names()).toEqual(['other'])
  })

  test('while the host cannot be reached nothing is killed, and soon no token is given', async () => {
    const { id } = await fleet.session('other')
    const token = await tokenFor(id)
    await host.stopSshd()
    await expect(fleet.open.kill.kill(id, token, ana, ignore)).rejects.toMatchObject({
      code: 'unreachable',
      fields: { failed_leg: 'tcp' },
    })
    await fleet.polled('gpu1')
    await expect(tokenFor(id)).rejects.toMatchObject({ code: 'stale' })
    await host.root.startSshd()
    await fleet.session('other')
    expect(await names()).toEqual(['other'])
  })

  test('the board is told of sessions that come and go, one host an event', async () => {
    fleet.told.length = 0
    await tmux("new -d -s news 'sleep 900'")
    await fleet.session('news')
    await tmux('kill-session -t =news')
    await fleet.polled('gpu1')
    await fleet.polled('gpu1')
    const updates = fleet.told.filter(({ kind }) => kind === 'hosts_update')
    expect(updates.length).toBeGreaterThanOrEqual(2)
    for (const { data } of updates) expect(data).toMatchObject([{ name: 'gpu1' }])
  })
})

// The last one: it moves the clock.
test('legacy is what nobody was attached to for 72 h, across restarts of ours and of tmux', async () => {
  await tmux("new -d -s left 'sleep 900'")
  expect(await fleet.session('left')).toMatchObject({ status: 'active' })
  fleet.clock.aheadMs = 71 * hourMs
  await fleet.restart()
  const before = await fleet.polled('gpu1')
  expect(before.tmux.find(({ name }) => name === 'left')).toMatchObject({ status: 'active' })
  fleet.clock.aheadMs = 73 * hourMs
  await fleet.restart()
  const { id } = await fleet.session('left', ({ status }) => status === 'legacy')
  // No second word is needed for it.
  const { token } = await fleet.open.kill.token(id, ana)
  expect(await fleet.open.kill.kill(id, token, ana, ignore)).toMatchObject({ killed: true })
  await anotherServer('left')
  expect(await fleet.session('left', (one) => one.id !== id)).toMatchObject({ status: 'active' })
})
