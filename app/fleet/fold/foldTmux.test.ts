import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endOf } from '../../../test/fakes/fleetCorpus.ts'
import { aFleetHost, aPoll, evening, hourMs } from '../../../test/fakes/fleetPolls.ts'
import { anAnswer, type Answer } from '../../../test/fakes/probeAnswer.ts'
import { foldPoll } from './foldPoll.ts'
import type { HostMemory } from '../HostMemory.ts'
import { readMemory } from '../emptyMemory.ts'
import { toHost } from '../toHost.ts'

const host = aFleetHost()
const server = 'server 1000 alice 400 3.4 1 /tmp/tmux-1000/default'

/** Seconds of the host's clock, so many hours from the evening. */
function seconds(hours: number): number {
  return (evening + hours * hourMs) / 1000
}

function fold(memory: HostMemory | null, answer: Answer, hours: number): HostMemory {
  const at = evening + hours * hourMs
  return foldPoll(memory, aPoll(anAnswer(answer, at), at), host)
}

interface Times {
  created?: number
  attached?: number
  activity?: number
}

function session(clients: number, { created = -1, attached, activity = -1 }: Times = {}): string {
  const last = attached === undefined ? '-' : seconds(attached)
  return `session 0 ${seconds(created)} ${last} ${seconds(activity)} ${clients} 1 train`
}

function shown(memory: HostMemory, hours = 0) {
  const [first] = toHost(memory, host, evening + hours * hourMs).tmux
  if (!first) throw new Error('no tmux session')
  return first
}

/** The offset of their ISO times from the evening, in hours. */
function inHours(time: string | null | undefined): number | undefined {
  return time ? (Date.parse(time) - evening) / hourMs : undefined
}

describe('the 72 h rule', () => {
  it.each([
    ['created', { created: -10, activity: -10 }, -10],
    ['the last attach', { created: -20, attached: -8, activity: -20 }, -8],
    ['a key press', { created: -20, attached: -8, activity: -7 }, -7],
  ])('begins at the first sight with %s', (_what, times, since) => {
    expect(inHours(shown(fold(null, { tmux: [server, session(0, times)] }, 0)).detached_since)).toBe(since)
  })

  it('begins no earlier than the boot: a clock may have been wrong then', () => {
    const tmux = [server, 'session 0 60 - 60 0 1 train']
    const memory = fold(null, { tmux, host: { uptime: 3600 } }, 0)
    expect(inHours(shown(memory).detached_since)).toBe(-1)
  })

  it('is by when somebody was last seen attached, which tmux does not tell', () => {
    const attached = { created: -200, attached: -199, activity: -199 }
    let memory = fold(null, { tmux: [server, session(1, attached)] }, 0)
    expect(shown(memory)).toMatchObject({ attached: true, status: 'active' })
    expect(shown(memory).detached_since).toBeUndefined()
    memory = fold(memory, { tmux: [server, session(0, attached)] }, 0.01)
    expect(inHours(shown(memory).detached_since)).toBe(0)
    memory = fold(memory, { tmux: [server, session(0, attached)] }, 71.99)
    expect(shown(memory).status).toBe('active')
    memory = fold(memory, { tmux: [server, session(0, attached)] }, 72)
    expect(shown(memory).status).toBe('legacy')
    memory = fold(memory, { tmux: [server, session(1, attached)] }, 73)
    expect(shown(memory).status).toBe('active')
  })

  it('survives a restart of ours', () => {
    const times = { created: -200, attached: -199, activity: -199 }
    const before = fold(null, { tmux: [server, session(1, times)] }, 0)
    const restored = readMemory(JSON.stringify(before))
    const after = fold(restored, { tmux: [server, session(0, times)] }, 71)
    expect(inHours(shown(after).detached_since)).toBe(0)
    expect(shown(after).status).toBe('active')
  })

  it('counts an attach that fell between two polls', () => {
    let memory = fold(null, { tmux: [server, session(0, { created: -60, activity: -60 })] }, 0)
    memory = fold(memory, { tmux: [server, session(0, { created: -60, attached: 5, activity: 6 })] }, 20)
    expect(inHours(shown(memory).detached_since)).toBe(6)
  })

  it('is not forgotten when the tmux session is not listed once, as by a mistake', () => {
    const times = { created: -200, attached: -199, activity: -199 }
    let memory = fold(null, { tmux: [server, session(1, times)] }, 0)
    memory = fold(memory, { tmux: [] }, 0.01)
    expect(memory.tmux).toEqual([])
    memory = fold(readMemory(JSON.stringify(memory)), { tmux: [server, session(0, times)] }, 0.02)
    expect(shown(memory)).toMatchObject({ attached: false, status: 'active' })
    expect(inHours(shown(memory).detached_since)).toBe(0)
    memory = fold(memory, { tmux: [] }, 1)
    expect(Object.keys(memory.gone ?? {})).toHaveLength(1)
    expect(fold(memory, { tmux: [] }, 1 + 7 * 24).gone).toBeUndefined()
  })

  it('is kept behind where the section was cut, though a server of another account hangs too', () => {
    const times = { created: -200, attached: -199, activity: -199 }
    const hangs = 'error 1001 bob /tmp/tmux-1001/default\tit does not answer (5 s)'
    const carol = 'server 1002 carol 600 3.4 1 /tmp/tmux-1002/default'
    const cut = 'error more than 65536 bytes: the rest is left out'
    const before = fold(null, { tmux: [server, session(1, times)] }, 0)
    const after = fold(before, { tmux: [carol, hangs, cut], code: { tmux: 1 } }, 0.01)
    expect(after.tmux).toEqual(before.tmux)
  })

  it('begins again when tmux was restarted: the same name and number is another tmux session', () => {
    let memory = fold(null, { tmux: [server, session(0, { created: -80, activity: -80 })] }, 0)
    const first = shown(memory)
    expect(first.status).toBe('legacy')
    const restarted = server.replace(' 400 ', ' 990 ')
    memory = fold(memory, { tmux: [restarted, session(0, { created: 1, activity: 1 })] }, 2)
    expect(memory.tmux).toHaveLength(1)
    expect(shown(memory)).toMatchObject({ status: 'active', name: 'train' })
    expect(shown(memory).id).not.toBe(first.id)
  })

  it('does not run on while the host is away', () => {
    let memory = fold(null, { tmux: [server, session(0, { created: -71, activity: -71 })] }, 0)
    const lost = endOf('', { exitCode: null, failedLeg: 'tcp', failure: 'refused' })
    memory = foldPoll(memory, aPoll(lost, evening + 5 * hourMs), host)
    expect(shown(memory, 5).status).toBe('active')
  })

  it.each([3, -3])('neither makes nor hides a legacy tmux session with a clock %i h off', (off) => {
    const wrong = (hours: number) => ({ clock: seconds(hours + off) })
    const times = { created: -71 + off, activity: -71 + off }
    const detached = [server, session(0, times)]
    let memory = fold(null, { tmux: detached, host: wrong(0) }, 0)
    expect(inHours(shown(memory).created)).toBeCloseTo(-71, 2)
    expect(shown(memory).status).toBe('active')
    memory = fold(memory, { tmux: detached, host: wrong(0.95) }, 0.95)
    expect(shown(memory).status).toBe('active')
    memory = fold(memory, { tmux: detached, host: wrong(1.05) }, 1.05)
    expect(shown(memory).status).toBe('legacy')
    // The clock is set right: nothing of that is an attach, or a later one.
    memory = fold(memory, { tmux: detached }, 1.1)
    expect(shown(memory).status).toBe('legacy')
    expect(inHours(shown(memory).created)).toBeCloseTo(-71, 2)
  })

  it('never moves the clock of who stays detached, and never shows a time to come', () => {
    const step = fc.record({
      hours: fc.double({ min: 0.001, max: 40, noNaN: true }),
      clients: fc.constantFrom(0, 0, 1),
      off: fc.constantFrom(0, 0, 3, -3),
      read: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        let memory: HostMemory | null = null
        let at = 0
        let lastSeen = -100
        let known = false
        for (const { hours, clients, off, read } of steps) {
          at += hours
          const line = `session 0 ${Math.round(seconds(-100))} - ${Math.round(seconds(-100))} ${clients} 1 x`
          const clock = Math.round(seconds(at + (known ? off : 0)))
          const tmux = read ? { tmux: [server, line] } : { tmux: [], code: { tmux: 124 } }
          const next: HostMemory = fold(memory, { ...tmux, host: { clock } }, at)
          memory = next
          known ||= read
          if (read && clients > 0) lastSeen = at
          if (!known) continue
          const [one] = toHost(next, host, evening + at * hourMs).tmux
          if (one?.detached_since !== undefined) {
            expect(inHours(one.detached_since)).toBeCloseTo(lastSeen, 1)
          }
          expect(next.tmux[0]?.lastSeenAttached).toBeLessThanOrEqual(evening + at * hourMs)
        }
      }),
    )
  })
})

describe('tmux sessions', () => {
  it('are dropped when they are gone', () => {
    const memory = fold(null, { tmux: [server, session(0)] }, 0)
    expect(fold(memory, { tmux: [server] }, 1).tmux).toEqual([])
    expect(fold(memory, { tmux: [] }, 1).tmux).toEqual([])
    expect(fold(memory, { tmux: ['absent'] }, 1).tmux).toEqual([])
  })

  it('stay as they were while tmux cannot be read, and not across a reboot', () => {
    const before = fold(null, { tmux: [server, session(1)] }, 0)
    const failed = { tmux: ['hung 60'], code: { tmux: 125 } }
    const after = fold(before, failed, 1)
    expect(after.tmux).toEqual(before.tmux)
    expect(toHost(after, host, evening + hourMs).sections.tmux).toEqual({
      ok: false,
      age_s: 3600,
      error: 'An earlier one still hangs there, for 60 s by now; it was not asked again.',
    })
    expect(fold(before, { ...failed, host: { boot_id: 'boot-2', uptime: 9 } }, 1).tmux).toEqual([])
  })

  it('of one account stay while its server hangs, and those of others go on', () => {
    const bob = 'server 1001 bob 500 3.4 1 /tmp/tmux-1001/default'
    const before = fold(null, { tmux: [server, session(0), bob, session(0)] }, 0)
    const hangs = 'error 1001 bob /tmp/tmux-1001/default\tit does not answer (5 s)'
    const after = fold(before, { tmux: [hangs] }, 1)
    expect(after.tmux.map(({ user }) => user)).toEqual(['bob'])
    expect(after.status).toBe('degraded')
    expect(after.sections.tmux?.error).toBe(
      'The tmux server of bob could not be read: it does not answer (5 s).',
    )
    expect(fold(after, { tmux: [] }, 2).tmux).toEqual([])
  })

  it('keep their name as tmux prints it', () => {
    const name = `  a\\$b "c" 'd' ${'é'.repeat(100)}🚀 `
    const line = session(0).replace(/train$/, name)
    expect(shown(fold(null, { tmux: [server, line] }, 0)).name).toBe(name)
  })

  it('tell the last output of any window, and otherwise what tmux knows', () => {
    const windows = [`window 0 ${seconds(-0.5)}`, `window 0 ${seconds(-0.2)}`]
    const memory = fold(null, { tmux: [server, session(0), ...windows] }, 0)
    expect(inHours(shown(memory).last_activity)).toBeCloseTo(-0.2)
    expect(inHours(shown(fold(null, { tmux: [server, session(0)] }, 0)).last_activity)).toBeCloseTo(-1)
  })
})
