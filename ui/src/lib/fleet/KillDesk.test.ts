import { expect, test, vi } from 'vitest'
import { FleetLab } from '#test/fakes/fleetLab.ts'
import type { FleetApi } from '#ui/api/fleetApi.ts'
import type { Fleet } from './Fleet.svelte.ts'
import { KillDesk } from './KillDesk.svelte.ts'
import { doubtKill, killFacts } from './killWords.ts'

const now = Date.parse('2026-11-27T02:58:00Z')
const lab = new FleetLab(now)
const tmux = lab.tmux('gpu3', 'ana', 'old\u202Egnp', { status: 'legacy' })
const host = lab.host('gpu3', { tmux: [tmux] })

function makeDesk() {
  let answer = (): void => undefined
  const arrived = new Promise<void>((resolve) => (answer = resolve))
  const fleet = { hosts: [host], refresh: vi.fn(async () => null), watch: vi.fn(async () => undefined) }
  const api = {
    killToken: async () => ({ ok: true, status: 200, value: { token: 't', expires: '' } }),
    kill: async () => {
      await arrived
      return { ok: true, status: 200, value: { killed: true, survivors: [] } }
    },
  }
  const told: string[] = []
  // Only these calls are made.
  const desk = new KillDesk(api as unknown as FleetApi, fleet as unknown as Fleet, (words) =>
    told.push(words),
  )
  desk.ask(tmux.id)
  return { desk, fleet, told, answer }
}

test('what came of it stands in the question while that is open, and its host is read again', async () => {
  const { desk, fleet, told, answer } = makeDesk()
  const done = desk.confirm(false)
  answer()
  await done
  expect(desk.asked?.kill.at.step).toBe('ended')
  expect(told).toEqual([])
  expect([fleet.refresh.mock.calls, fleet.watch.mock.calls]).toEqual([[['gpu3']], [[['gpu3']]]])
})

test('it is told to who has closed the question meanwhile', async () => {
  const { desk, fleet, told, answer } = makeDesk()
  const done = desk.confirm(false)
  desk.close()
  answer()
  await done
  expect(told).toEqual(['old gnp on gpu3: It is gone, and so are all of its processes.'])
  expect(fleet.watch).toHaveBeenCalledWith(['gpu3'])
})

test.each<[string, Parameters<typeof doubtKill>[2], object | null]>([
  ['it is there', host, null],
  ['it is gone', lab.host('gpu3'), { gone: expect.stringContaining('not there any more') }],
  ['its host is gone', undefined, { gone: expect.stringContaining('no host of this fleet') }],
  [
    'its host is offline',
    { ...host, status: 'offline' },
    { gone: expect.stringContaining('does not answer') },
  ],
  [
    'its host is not polled',
    { ...host, polled_at: lab.ago(600_000) },
    { doubt: expect.stringContaining('old') },
  ],
  [
    'its tmux cannot be asked',
    { ...host, sections: { tmux: { ok: false, age_s: 7_200 } } },
    { doubt: 'tmux could not be asked for 2 h: what is told here is old.' },
  ],
])('%s', (_, live, doubt) => {
  expect(doubtKill(tmux.id, 'gpu3', live, now)).toEqual(doubt)
})

test('what was killed is told by its name alone', () => {
  expect(killFacts(tmux, host, now, true).map(([name]) => name)).toEqual(['Host', 'User'])
  expect(killFacts(tmux, host, now, false)).toContainEqual(['Holds', 'no GPU memory'])
})
