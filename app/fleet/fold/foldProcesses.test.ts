import { describe, expect, it } from 'vitest'
import { aFleetHost, aPoll, evening } from '../../../test/fakes/fleetPolls.ts'
import { anAnswer, gpuRow, uuidOf, type Answer } from '../../../test/fakes/probeAnswer.ts'
import { foldPoll } from './foldPoll.ts'
import type { HostMemory, TmuxMemory } from '../HostMemory.ts'
import { toHost } from '../toHost.ts'

const host = aFleetHost()
const tmux = [
  'server 1000 alice 400 3.4 1 /tmp/tmux-1000/default',
  'session 0 1795800000 - 1795800000 0 1 train',
  'pane 0 401',
]

function polled(answers: Answer[], memory: HostMemory | null = null, everyS = 10): TmuxMemory {
  const [session] = memoryOf(answers, memory, everyS)?.tmux ?? []
  if (!session) throw new Error('no tmux session')
  return session
}

function memoryOf(answers: Answer[], memory: HostMemory | null = null, everyS = 10): HostMemory | null {
  let after = memory
  for (const [at, answer] of answers.entries()) {
    const time = evening + at * everyS * 1000
    after = foldPoll(after, aPoll(anAnswer({ tmux, ...answer }, time), time), host)
  }
  return after
}

/** `proc` of a child of 401, or of the pane itself. */
function proc(
  pid: number,
  ticks: number,
  { start = 500, ppid = pid === 401 ? 400 : 401, sid = 401 } = {},
): string {
  return `proc ${pid} ${ppid} ${sid} 1000 ${ticks} ${start} 2560 name`
}

describe('CPU of a tmux session', () => {
  it('is unknown at the first sight', () => {
    expect(polled([{ procs: [proc(401, 900)] }]).cpuPercent).toBeNull()
  })

  it('is what its processes took of all cores since the last poll', () => {
    // 8 cores, 10 s: 8,000 ticks.
    const answers = [
      { procs: [proc(401, 900), proc(402, 100)] },
      { procs: [proc(401, 1300), proc(402, 900)] },
    ]
    expect(polled(answers).cpuPercent).toBe(15)
  })

  it('counts a new process from its own start if it began since then', () => {
    const born = { start: (1_000_000 + 5) * 100 }
    expect(
      polled([{ procs: [proc(401, 0)] }, { procs: [proc(401, 0), proc(402, 400, born)] }]).cpuPercent,
    ).toBe(5)
  })

  it('does not count what an older process took before it was first seen', () => {
    expect(polled([{ procs: [proc(401, 0)] }, { procs: [proc(401, 0), proc(402, 99_999)] }]).cpuPercent).toBe(
      0,
    )
  })

  it('does not take one with the same pid for the one before', () => {
    const again = { start: (1_000_000 + 9) * 100 }
    expect(
      polled([{ procs: [proc(401, 0), proc(402, 50_000)] }, { procs: [proc(401, 0), proc(402, 80, again)] }])
        .cpuPercent,
    ).toBe(1)
  })

  it('does not count a process whose start is on no clock of ours', () => {
    const odd = { start: 99_999_999_999 }
    expect(
      polled([{ procs: [proc(401, 0)] }, { procs: [proc(401, 0), proc(402, 4000, odd)] }]).cpuPercent,
    ).toBe(0)
  })

  it('is unknown after a poll that did not read processes, and after a reboot', () => {
    const failed = { code: { procs: 1 } }
    const [one, two] = [{ procs: [proc(401, 0)] }, { procs: [proc(401, 800)] }]
    expect(polled([one, failed]).cpuPercent).toBeNull()
    expect(polled([one, failed, two]).cpuPercent).toBe(5)
    expect(polled([one, { ...two, host: { boot_id: 'boot-2', uptime: 50 } }]).cpuPercent).toBeNull()
  })

  it('stays as it was in two polls that nearly met', () => {
    const answers = [{ procs: [proc(401, 0)] }, { procs: [proc(401, 800)] }]
    const at = (time: number, answer: Answer, before: HostMemory | null) =>
      foldPoll(before, aPoll(anAnswer({ tmux, ...answer }, time), time), host)
    let memory: HostMemory | null = null
    for (const [n, answer] of answers.entries()) memory = at(evening + n * 10_000, answer, memory)
    memory = at(evening + 10_100, { procs: [proc(401, 810)] }, memory)
    expect(memory.tmux[0]?.cpuPercent).toBe(10)
  })

  it.each([{ clk_tck: '' }, { cpus: '' }, { uptime: '' }])('is unknown without %o', (missing) => {
    const answers = [{ procs: [proc(401, 0)] }, { procs: [proc(401, 800)], host: missing }]
    expect(polled(answers).cpuPercent).toBeNull()
  })
})

describe('processes of a tmux session', () => {
  it('are the tree of its panes and what was left behind in their SID', () => {
    const procs = [
      proc(401, 1),
      proc(402, 1, { ppid: 401, sid: 402 }),
      proc(403, 1, { ppid: 402, sid: 403 }),
      proc(410, 1, { ppid: 1, sid: 401 }),
      proc(411, 1, { ppid: 410, sid: 411 }),
      proc(500, 1, { ppid: 1, sid: 500 }),
    ]
    const session = polled([{ procs }])
    expect(session.pids).toEqual([401, 402, 403, 410, 411])
    expect(session.memoryMb).toBe(50)
  })

  it('end in a loop of parents', () => {
    const procs = [proc(401, 1), proc(402, 1, { ppid: 403 }), proc(403, 1, { ppid: 402 })]
    expect(polled([{ procs }]).pids).toEqual([401, 402, 403])
  })

  it.each([
    ['a child of another process', 'proc 401 1 401 1000 5 6 7 sshd'],
    ["another account's", 'proc 401 400 401 1001 5 6 7 bash'],
  ])('are not believed where a pane is %s', (_what, line) => {
    const doubt = 'Its tmux server names processes that are not its own.'
    const memory = memoryOf([{ procs: [line] }])
    expect(toHost(memory, host, evening).tmux).toMatchObject([
      { pids: [], cpu_percent: null, memory_mb: null, gpu_memory_mb: null, doubt },
    ])
    // Nothing new is known of it.
    expect(polled([{ procs: [], code: { procs: 1 } }], memory).doubt).toBe(doubt)
  })

  it("are not believed where the server names another user's process as itself", () => {
    const doubt = "Its tmux server says that it is a process of another user's."
    const procs = ['proc 400 1 400 1001 5 6 7 tmux', 'proc 401 400 401 1000 5 6 7 bash']
    expect(polled([{ procs }])).toMatchObject({ pids: [], cpuPercent: null, memoryMb: null, doubt })
    const gpu = { gpu: [gpuRow(0)], gpu_procs: [`${uuidOf(0)}, 401, python3, 5`] }
    expect(polled([{ procs, ...gpu }])).toMatchObject({ gpuMemoryMb: null, gpus: [], doubt })
    expect(
      polled([{ procs: [procs[0]?.replace('1001', '1000') ?? '', procs[1] ?? ''] }]).doubt,
    ).toBeUndefined()
  })

  it('may be those of root, by sudo', () => {
    expect(polled([{ procs: ['proc 401 400 401 0 5 6 7 sudo'] }]).pids).toEqual([401])
  })

  it('are not those of init, for a server that says it is that', () => {
    const lying = tmux.map((line) => line.replace(' 400 ', ' 1 '))
    expect(polled([{ tmux: lying, procs: ['proc 401 1 401 1000 5 6 7 x'] }]).pids).toEqual([])
  })

  it('stay as they were while they cannot be read, and their figures are unknown', () => {
    const session = polled([{ procs: [proc(401, 1)] }, { code: { procs: 124 } }])
    expect(session).toMatchObject({ pids: [401], cpuPercent: null, memoryMb: null })
  })

  it('that ended since leave memory unknown, not 0', () => {
    expect(polled([{ procs: [] }]).memoryMb).toBeNull()
    expect(polled([{ procs: [proc(401, 1)], host: { page_kb: '' } }]).memoryMb).toBeNull()
  })
})
