import { existsSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { hostileRequests } from '../fakes/hostileRequests.ts'
import { whyNoHypervisorRoot } from '../fakes/hypervisorRoot.ts'
import { keyKit, type KeyKit } from '../fakes/keyKit.ts'
import { keyRequests } from '../fakes/keyRequests.ts'
import { canary } from '../fakes/KeyWay.ts'
import { channelWays } from '../fakes/channelWays.ts'
import { commandWays } from '../fakes/commandWays.ts'
import { sshRequests, type SshRun } from '../fakes/sshAttempts.ts'

const reason = whyNoHypervisorRoot()

let kit: KeyKit
const ways = [...commandWays, ...channelWays]
beforeAll(async () => {
  if (reason !== undefined) return
  kit = await keyKit()
}, 60_000)
beforeEach(({ skip }) => skip(reason !== undefined, reason))
afterAll(() => kit?.stop())

describe('through the real sshd the key cannot', () => {
  const ends = new Map<string, SshRun>()
  const said: SshRun[] = []
  const all = [...new Set([...keyRequests, ...hostileRequests])]
  let before: string[]
  /** An attempt that did not even end: what it tells says why, and no test takes it for a refusal. */
  const notRefused = (error: Error): SshRun => ({ code: 0, stdout: '', stderr: error.message })
  const files = async () => {
    const found = await kit.host.snapshot()
    expect(found.length).toBeGreaterThan(200)
    // What every login to a Debian leaves.
    return found.filter((line) => !/(^| )\/(var\/log|run\/motd\.dynamic)/.test(line))
  }

  beforeAll(async () => {
    if (reason !== undefined) return
    before = await files()
    let connection: Awaited<ReturnType<typeof sshRequests>> | undefined
    for (const request of all) {
      connection ??= await sshRequests(kit.host, kit.alphaKey)
      const end = await connection.request(request.replaceAll('CANARY', canary))
      ends.set(request, end)
      if (end.code === null) {
        connection.end()
        connection = undefined
      }
    }
    connection?.end()
    const queue = [...ways]
    const worker = async () => {
      for (let way = queue.shift(); way; way = queue.shift())
        ends.set(way.name, await way.attempt(kit).catch(notRefused))
    }
    await Promise.all([worker(), worker(), worker()])
    said.push(...ends.values())
  }, 200_000)

  it('be tried in fewer ways than these', () => {
    expect(all.length + ways.length).toBeGreaterThan(200)
    expect(ends.size).toBe(all.length + ways.length)
  })

  it.each(
    all.map((request) => [
      request.length > 80 ? `${request.slice(0, 60)}… (${request.length})` : request,
      request,
    ]),
  )('ask for %j', (_, request) => {
    const end = ends.get(request)
    // sshd itself closes the connection at a NUL, and takes one at the end for the end.
    if (/\0./s.test(request)) expect(end?.code).toBe(null)
    else expect(end).toMatchObject({ code: 64, stdout: expect.stringContaining('"outcome":"refused"') })
  })

  it.each(ways.map(({ name, end }) => [name, end] as const))('have %s', (name, wanted) => {
    const end = ends.get(name)
    if (wanted === 'refused') {
      expect(end).toMatchObject({ code: 64, stdout: expect.stringContaining('"op":null,"verb":null') })
      return
    }
    expect(end?.code).not.toBe(0)
    expect(end?.stderr).toMatch(wanted)
    expect(end?.stdout).not.toMatch(/"state"|root:/)
  })

  it('make anything run: no qm was called, no file has come to be, nothing was reached', async () => {
    for (const vm of ['alpha', 'beta', 'gone']) expect(kit.calls(vm)).toEqual([])
    expect(kit.host.read(canary)).toBe(null)
    expect(existsSync(kit.here('stolen'))).toBe(false)
    expect([kit.target.reached(), kit.agent.used()]).toEqual([0, 0])
    await vi.waitFor(async () => expect(await kit.host.ask('ps -o comm= -u breakglass || :')).toBe(''))
    expect(await files()).toEqual(before)
  })

  it('forward anything without a line of sshd in the journal', () => {
    const refused = kit.host
      .journal()
      .filter((line) => / sshd\S*: refused (local|streamlocal) port forward/.test(line))
    expect(refused.length).toBeGreaterThanOrEqual(4)
  })

  it('hide: each refusal is in the journal, with the VM and the address, on one line of plain ASCII', async () => {
    const refused = said.filter(({ stdout }) => stdout.includes('"outcome":"refused"')).length
    // sftp, scp and rsync take the answer for themselves and show none of it.
    const silent = ways.filter(({ end }) => String(end) === '/./').length
    await vi.waitFor(() => expect(kit.logged().length).toBeGreaterThanOrEqual(refused + silent))
    const lines = kit.logged()
    for (const line of lines) expect(line).toMatch(/^alpha from 127\.0\.0\.1: refused \(64, [\x20-\x7e]*$/)
    for (const line of lines) expect(line.length).toBeLessThan(1000)
    expect(lines.some((line) => line.includes('status\\012touch /tmp/canary'))).toBe(true)
    expect(lines.some((line) => line.includes('\\377\\376\\200'))).toBe(true)
    expect(lines.some((line) => line.includes('\\033[2J'))).toBe(true)
    expect(lines.some((line) => line.includes('65536 bytes'))).toBe(true)
    expect(kit.host.journal().filter((line) => /^<\d+>.{15} sudo\W/.test(line))).toEqual([])
  })
})
