import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { fetchGuest } from './fetchGuest.ts'
import type { Answer } from './sendRequest.ts'
import { startHypervisor, whyNoQemu } from './startHypervisor.ts'
import type { Hypervisor } from './startHypervisor.ts'
import { starve } from './starve.ts'

let missing = whyNoQemu()
/** A guest takes 5 s to boot where the processor is free, and here it often is not. */
const bootLimit = { timeout: 120_000, interval: 100 }
const ofChange = 'c0ffee00c0ffee00c0ffee00c0ffee00'
const ofWedge = 'decade00decade00decade00decade00'

let host: Hypervisor

/** The guest's own word that it is up, as one more than it had given before. */
async function bootsOnce(more: () => Promise<unknown>): Promise<{ memoryKb: number; boot: string }> {
  const before = host.boots()
  await more()
  await vi.waitFor(() => expect(host.boots()).toHaveLength(before.length + 1), bootLimit)
  const [last] = host.boots().slice(-1)
  expect(before.map(({ boot }) => boot)).not.toContain(last?.boot)
  return last ?? expect.unreachable()
}

async function status(): Promise<Answer['first']> {
  const { code, first, stderr } = await host.request('status')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return first
}

/** What a mutation went through, from its own lines. */
const phases = ({ stdout }: Answer) => [...stdout.matchAll(/^@phase (\w+) /gm)].map(([, phase]) => phase)

const done = { exit_code: 0, outcome: 'done' }

beforeAll(async () => {
  if (missing !== undefined) return
  const guest = fetchGuest()
  if ('missing' in guest) missing = guest.missing
  else host = await startHypervisor(guest)
}, 300_000)
afterAll(() => host?.stop())

describe('a real VM, over the installed power path', { timeout: 300_000 }, () => {
  test('what is off is told as stopped, and a start boots its guest', async ({ skip }) => {
    skip(missing !== undefined, missing)
    expect(await status()).toMatchObject({
      state: 'stopped',
      pid: null,
      started_at: null,
      qmp: null,
      wedged: false,
    })
    await bootsOnce(async () => expect((await host.request('start')).end).toMatchObject(done))

    const pid = await host.pid()
    const startedAt = Date.parse(`${await host.ask(`TZ=UTC ps -o lstart= -p ${pid}`)} UTC`)
    const found = await status()
    expect(found).toMatchObject({
      state: 'running',
      qmp: 'answers',
      wedged: false,
      evidence: null,
      suspect: null,
      pid,
    })
    expect(found).toMatchObject({
      locked: null,
      ha: null,
      quorum: true,
      node: null,
      pending: [],
      agent: 'off',
      unread: [],
    })
    expect(Math.abs(Date.parse(found['started_at']) - startedAt)).toBeLessThan(5_000)
  })
})

describe('a real VM that runs', { timeout: 300_000 }, () => {
  // Whatever an earlier test left: a VM that runs, and whose guest is up.
  beforeEach(async ({ skip }) => {
    skip(missing !== undefined, missing)
    if (await host.restore()) await bootsOnce(() => host.qm('start 102'))
  }, 180_000)

  test('a reset starts the guest again, in the same process', async () => {
    const pid = await host.pid()
    await bootsOnce(async () => expect((await host.request('reset')).end).toMatchObject(done))
    expect(await status()).toMatchObject({ state: 'running', pid })
  })

  test('a cycle applies what is queued: the guest has the memory', async () => {
    host.configure('memory', '256', 'next start')
    expect((await status())['pending']).toEqual(['memory: 192 → 256'])
    const [before] = host.boots().slice(-1)
    const after = await bootsOnce(async () => {
      const answer = await host.request(`cycle ${ofChange}`)
      expect(answer.end).toMatchObject({ ...done, op: ofChange, verb: 'cycle', forensics: true })
      expect(phases(answer)).toEqual(['preflight', 'forensics', 'stop', 'start'])
    })
    expect(after.memoryKb - (before?.memoryKb ?? 0)).toBe(64 * 1024)
    expect((await status())['pending']).toEqual([])
    expect((await host.request(`forensics ${ofChange}`)).stdout).toContain('\n== config (ok')
  })

  test('a process that is stuck in the kernel is left alone', async () => {
    const pid = await host.pid()
    const boots = host.boots()
    await host.simulateDState()
    const { end } = await host.request('cycle')
    expect(end).toMatchObject({ exit_code: 76, outcome: 'refused', reason: 'stuck' })
    expect(await host.pid()).toBe(pid)
    expect(host.boots()).toEqual(boots)
  })

  test('a wedged QEMU is seen in 10 s, at the first question, told with evidence, and got out of by a cycle alone', async ({
    annotate,
  }) => {
    const pid = await host.pid()
    // What the machine needs for it today, where nothing hangs.
    const { tookMs: usualMs } = await host.request('status')
    await host.signal('STOP')
    const { first: found, tookMs } = await host.request('status')
    await annotate(`told in ${Math.round(tookMs)} ms, usually in ${Math.round(usualMs)} ms`)
    expect(tookMs).toBeLessThan(10_000 + usualMs)
    expect(found).toMatchObject({ state: 'running', qmp: 'silent', wedged: true, pid })
    expect(found['evidence']).toMatch(new RegExp(`^process ${pid} lives, but .* a signal has stopped it`))

    host.waits({ monitor: 1 })
    const reset = await host.request('reset')
    expect(reset.end).toMatchObject({ exit_code: 70, outcome: 'failed' })
    expect(reset.end['detail']).toContain("qmp command 'system_reset' failed")

    await bootsOnce(async () => {
      const cycle = await host.request(`cycle ${ofWedge}`)
      expect(cycle.end).toMatchObject({ ...done, forensics: true })
      expect(cycle.stderr).toContain('terminating now with SIGKILL')
    })
    // The report of before, which the cycle would have destroyed.
    const { stdout: report } = await host.request(`forensics ${ofWedge}`)
    expect(report.split('\n')[0]).toContain(`process ${pid} lives, but the monitor of QEMU does not answer`)
    expect(report).toContain(`${pid} (qemu-system-x86) T `)
    expect(report).toContain('do_signal_stop')
    expect(report).not.toContain('no_timer_check')
    expect(await status()).toMatchObject({ state: 'running', qmp: 'answers', wedged: false })
    expect(await host.pid()).not.toBe(pid)
  })

  test('a disk that hangs is no wedge: it is suspected, and the VM comes back with its server', async () => {
    host.configure('agent', '1')
    const pid = await host.pid()
    expect(await status()).toMatchObject({ agent: 'silent', suspect: null })
    await host.signalDisk('STOP')
    const found = await vi.waitFor(
      async () => {
        const { first, tookMs } = await host.request('status')
        expect(tookMs).toBeLessThan(10_000)
        expect(first).toMatchObject({ suspect: expect.any(String) })
        return first
      },
      { timeout: 60_000, interval: 1000 },
    )
    expect(found).toMatchObject({ state: 'running', qmp: 'answers', wedged: false, agent: 'silent', pid })

    // QEMU waits for its disk before it quits, and a new one waits for the same server.
    host.waits({ quit: 1, start: 1 })
    const cycle = await host.request('cycle')
    expect(cycle.stderr).toContain('terminating now with SIGKILL')
    expect(cycle.end).toMatchObject({ exit_code: 72, outcome: 'failed', forensics: true })
    expect(cycle.end['detail']).toMatch(/off/)
    expect(await status()).toMatchObject({ state: 'stopped', pid: null })

    await host.signalDisk('CONT')
    host.waits()
    await bootsOnce(async () => expect((await host.request('start')).end).toMatchObject(done))
    expect(await status()).toMatchObject({ state: 'running', qmp: 'answers', suspect: null })
  })

  test('a QEMU that the kernel kills for its memory is told as stopped, and started again', async () => {
    expect((await host.request('stop')).end).toMatchObject(done)
    await host.qm('start 102')
    const pid = await host.pid()
    const kills = await starve(pid)
    if (kills === undefined) await host.signal('KILL')
    else expect(kills).toBe(1)
    await vi.waitFor(async () => expect(await host.run(`test -e /proc/${pid}`)).toMatchObject({ code: 1 }))
    // What it leaves is its pid file.
    expect(host.read('/run/qemu-server/102.pid')).toContain(String(pid))
    expect(await status()).toMatchObject({ state: 'stopped', pid: null, wedged: false })
    expect((await host.request('start')).end).toMatchObject(done)
    expect(await status()).toMatchObject({ state: 'running', qmp: 'answers' })
    expect(await host.pid()).not.toBe(pid)
  })

  test('a stop ends its process, and what is off already may be stopped again', async () => {
    const pid = await host.pid()
    expect((await host.request('stop')).end).toMatchObject(done)
    expect(await host.run(`test -e /proc/${pid}`)).toMatchObject({ code: 1 })
    expect(await status()).toMatchObject({ state: 'stopped', pid: null, qmp: null, wedged: false })
    expect((await host.request('stop')).end).toMatchObject(done)
  })
})
