import { describe, expect, it } from 'vitest'
import { endOf } from '../../../test/fakes/fleetCorpus.ts'
import { aFleetHost, aPoll, evening, hourMs } from '../../../test/fakes/fleetPolls.ts'
import { anAnswer, gpuRow, type Answer } from '../../../test/fakes/probeAnswer.ts'
import type { FleetHost } from '../FleetHost.ts'
import { foldPoll } from './foldPoll.ts'
import type { HostMemory } from '../HostMemory.ts'
import { readMemory } from '../emptyMemory.ts'
import { toHost } from '../toHost.ts'

const host = aFleetHost()
const refused = endOf('', { exitCode: null, failedLeg: 'tcp', failure: 'gpu1 refused the connection.' })

/** Polls 30 s apart, the first one at `from`; null: it could not be reached. */
function polled(answers: (Answer | null)[], from = evening, memory: HostMemory | null = null): HostMemory {
  let after = memory
  for (const [at, answer] of answers.entries()) {
    const time = from + at * 30_000
    after = foldPoll(after, aPoll(answer ? anAnswer(answer, time) : refused, time), host)
  }
  if (!after) throw new Error('no polls')
  return after
}

describe('a host', () => {
  it('that was never polled says so', () => {
    expect(toHost(null, host, evening)).toMatchObject({
      status: 'offline',
      detail: 'It has not been polled yet.',
      ...{
        last_seen: null,
        polled_at: null,
        cpu_percent: null,
        has_gpu: null,
        gpus: [],
        tmux: [],
        sections: {},
      },
    })
  })

  it('keeps what it told last while it is offline, as old', () => {
    const memory = polled([{ gpu: [gpuRow(0)] }, null, null])
    expect(memory.failures).toBe(2)
    const shown = toHost(memory, host, evening + 60_000)
    expect(shown).toMatchObject({
      status: 'offline',
      detail: 'gpu1 refused the connection.',
      failed_leg: 'tcp',
    })
    expect(shown.sections.memory).toMatchObject({ ok: false, age_s: 60 })
    expect(shown.memory_percent).toBe(50)
    expect(shown.last_seen).toBe(new Date(evening).toISOString())
    expect(shown.polled_at).toBe(new Date(evening + 60_000).toISOString())
    expect(shown.gpus[0]?.temperature_c).toBe(50)
  })

  it('is online again with the next answer, and its failures are over', () => {
    const memory = polled([{}, null, {}])
    expect(memory).toMatchObject({ status: 'online', failures: 0 })
    expect(memory.detail).toBeUndefined()
    expect(memory.failedLeg).toBeUndefined()
  })

  it('is not changed by a poll that we gave up', () => {
    const memory = polled([{}])
    const given = endOf('', { exitCode: null, failedLeg: 'cancelled', failure: 'It was cancelled.' })
    expect(foldPoll(memory, aPoll(given, evening + 30_000), host)).toEqual(memory)
  })

  it('survives being stored', () => {
    const memory = polled([
      { gpu: [gpuRow(0)], tmux: ['server 1000 al 400 3.4 1 /s', 'session 0 1 - 1 0 1 x'] },
    ])
    const stored = readMemory(JSON.stringify(memory))
    expect(stored).toEqual(memory)
    expect(readMemory('{"version":0}')).toBeNull()
    expect(readMemory('{')).toBeNull()
  })
})

describe('CPU', () => {
  it('is unknown at the first sight, and then what was busy since the last poll', () => {
    expect(polled([{}]).cpuPercent).toBeNull()
    expect(polled([{}, {}]).cpuPercent).toBe(50)
  })

  it('is unknown after a reboot, which is noticed', () => {
    const memory = polled([{}, {}, { host: { boot_id: 'boot-2', uptime: 20 } }])
    expect(memory.cpuPercent).toBeNull()
    const shown = toHost(memory, host, evening + 60_000)
    expect(shown.rebooted_at).toBe(new Date(evening + 60_000).toISOString())
    expect(shown.booted_at).toBe(new Date(evening + 40_000).toISOString())
    expect(toHost(memory, host, evening + 25 * hourMs).rebooted_at).toBeUndefined()
  })

  it('tells a container that began again by its uptime', () => {
    expect(polled([{}, { host: { uptime: 3 } }]).rebootedAt).toBe(evening + 30_000)
  })

  it('drops counters that went back', () => {
    const memory = polled([
      { host: { stat: 'cpu  100 0 100 1000 500 0 0 0 0 0' } },
      { host: { stat: 'cpu  200 0 50 1300 400 0 0 0 0 0' } },
    ])
    expect(memory.cpuPercent).toBe(25)
  })

  it('counts iowait as idle, and guest time not twice', () => {
    const memory = polled([
      { host: { stat: 'cpu  0 0 0 0 0 0 0 0 0 0' } },
      { host: { stat: 'cpu  300 0 0 100 600 0 0 0 300 0' } },
    ])
    expect(memory.cpuPercent).toBe(30)
  })

  it('is unknown where the counters stand still', () => {
    const still = { host: { stat: 'cpu  0 0 0 0 0 0 0 0 0 0' } }
    expect(polled([still, still]).cpuPercent).toBeNull()
  })

  it('does not take a missing boot id for a reboot', () => {
    const memory = polled([{}, { host: { boot_id: '' } }, {}])
    expect(memory.rebootedAt).toBeUndefined()
    expect(memory.cpuPercent).toBe(50)
  })
})

describe('sections', () => {
  it('that failed keep what they told, and make the host degraded', () => {
    const memory = polled([{}, { code: { memory: 1 }, memory: ['error cannot read'] }])
    const shown = toHost(memory, host, evening + 30_000)
    expect(shown.status).toBe('degraded')
    expect(shown.detail).toBe('Memory: It ended with code 1: cannot read')
    expect(shown.memory_percent).toBe(50)
    expect(shown.sections.memory).toEqual({
      ok: false,
      age_s: 30,
      error: 'It ended with code 1: cannot read',
    })
  })

  it('that do not apply any more are gone', () => {
    const memory = polled([{ disks: ['Filesystem 1024-blocks Used Available Capacity Mounted on'] }, {}])
    expect(memory.sections.disks).toBeUndefined()
  })

  it('behind the end of a cut answer are old, not gone', () => {
    const before = polled([{ tmux: ['server 1000 al 400 3.4 1 /s', 'session 0 1 - 1 0 1 x'] }])
    const whole = anAnswer({}, evening + 30_000).stdout
    const cut = endOf(whole.slice(0, whole.indexOf(' begin tmux')), { truncated: true })
    const memory = foldPoll(before, aPoll(cut, evening + 30_000), host)
    expect(memory.status).toBe('degraded')
    expect(memory.detail).toMatch(/^The answer was longer than is read: it was cut after \d+ characters\.$/)
    expect(memory.tmux).toHaveLength(1)
    expect(memory.sections.tmux).toMatchObject({ ok: false, readAt: evening })
    expect(memory.sections.memory).toMatchObject({ ok: true, readAt: evening + 30_000 })
  })
})

describe('another machine under the same name', () => {
  const elsewhere = aFleetHost({ destination: { ...destinationOf(host), host: 'gpu1-new.lab' } })

  it('has nothing of what was known of the first', () => {
    const before = polled([{ gpu: [gpuRow(0)] }])
    const at = evening + 30_000
    const other = { gpu: [gpuRow(1)], host: { boot_id: 'boot-2', uptime: 60 } }
    expect(foldPoll(before, aPoll(anAnswer(other, at), at), host)).toMatchObject({ rebootedAt: at })
    const memory = foldPoll(before, aPoll(anAnswer(other, at), at), elsewhere)
    expect(memory.gpus.map(({ index, state }) => [index, state])).toEqual([[1, 'answers']])
    expect(memory.rebootedAt).toBeUndefined()
    const failed = endOf('', { exitCode: null, failedLeg: 'tcp', failure: 'refused' })
    expect(foldPoll(before, aPoll(failed, at), elsewhere)).toMatchObject({ lastSeen: null, failures: 1 })
  })

  it('is not shown with it before its first poll', () => {
    const before = polled([{ gpu: [gpuRow(0)] }])
    expect(toHost(before, elsewhere, evening)).toMatchObject({ status: 'offline', gpus: [], last_seen: null })
    expect(toHost(before, host, evening)).toMatchObject({ status: 'online' })
  })
})

describe("the host's clock", () => {
  it.each([
    [3, 10_800],
    [-3, -10_800],
  ])('%i h off is told', (hours, seconds) => {
    const memory = foldPoll(null, aPoll(anAnswer({}, evening + hours * hourMs)), host)
    expect(toHost(memory, host, evening).clock_offset_s).toBeCloseTo(seconds, -1)
  })

  it('that is right within a minute is not', () => {
    const memory = foldPoll(null, aPoll(anAnswer({ host: { clock: evening / 1000 - 59 } })), host)
    expect(toHost(memory, host, evening)).not.toHaveProperty('clock_offset_s')
  })
})

function destinationOf({ destination }: FleetHost): NonNullable<FleetHost['destination']> {
  if (!destination) throw new Error('it is this machine')
  return destination
}
