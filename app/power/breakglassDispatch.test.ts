import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { describe, expect, it as test, vi } from 'vitest'
import { PveHost, substitute } from '../../test/fakes/pveHost.ts'

const op = '0123456789abcdef0123456789abcdef'

/** A host where sudo and logger write down how they were called; sudo then runs what the line in `sudo-runs` says. */
const it = test.extend<{ host: PveHost }>({
  // vitest reads the fixtures that this one needs from the pattern of its first argument.
  // eslint-disable-next-line no-empty-pattern
  host: async ({}, use) => {
    const host = await PveHost.start()
    host.forcedCommand = host.forcedCommand.slice(0, 2)
    await substitute(host.at('bin/breakglass-pve'), /^PATH=.*$/m, `PATH=${host.at('bin')}:/usr/bin:/bin`)
    await program(host, 'logger', `printf '%s\\n' "$*" >>'${host.at('journal')}'`)
    await sudo(host, 'exit 0')
    await use(host)
    await host.remove()
  },
})

async function program(host: PveHost, name: string, body: string): Promise<void> {
  await writeFile(host.at(`bin/${name}`), `#!/bin/sh\n${body}\n`)
  await chmod(host.at(`bin/${name}`), 0o755)
}
const sudo = (host: PveHost, body: string) =>
  program(host, 'sudo', `{ printf '%s\\n' "$*" && env && cat; } >>'${host.at('sudo')}'\n${body}`)
const read = (host: PveHost, name: string) => readFile(host.at(name), 'utf8').catch(() => '')
const journal = (host: PveHost, line: string | RegExp) =>
  vi.waitFor(async () => expect(await read(host, 'journal')).toMatch(line))

describe.concurrent('what root is asked for', { timeout: 90_000 }, () => {
  it.for([
    ['status', 'vm\n'],
    [`status ${op}`, `vm ${op}\n`],
    [`cycle ${op}`, `vm ${op}\n`],
  ] as const)('%j is one of six commands; the rest goes in on stdin', async ([request, handed], { host }) => {
    await host.request(request, { LD_PRELOAD: '/evil.so', VMID: '999', SSH_CLIENT: '10.1.2.3 5000 22' })
    const told = await read(host, 'sudo')
    const [argv] = told.split('\n')
    expect(argv).toBe(`-n /usr/local/sbin/breakglass-vm ${request.split(' ')[0]}`)
    expect(told.endsWith(handed)).toBe(true)
    expect(told).not.toMatch(/evil|999|10\.1\.2\.3|SSH_/)
  })

  it('passes on what the worker says and how it ends', async ({ host }) => {
    await sudo(host, `echo '{"op":null,"verb":"status","exit_code":70,"outcome":"failed"}'; exit 70`)
    const { code, stdout, end } = await host.request('status')
    expect({ code, end }).toMatchObject({ code: 70, end: { verb: 'status', outcome: 'failed' } })
    expect(stdout.trim().split('\n')).toHaveLength(1)
  })

  it('is not asked at all when there is no sudo: that is told', async ({ host }) => {
    await writeFile(host.at('bin/sudo'), '')
    await chmod(host.at('bin/sudo'), 0o644)
    await substitute(host.at('bin/breakglass-pve'), /^PATH=.*$/m, `PATH=${host.at('bin')}`)
    for (const name of ['env', 'sh', 'head', 'tr', 'od', 'awk']) {
      await program(host, name, `PATH=/usr/bin:/bin exec ${name} "$@"`)
    }
    const { code, end } = await host.request('status')
    expect(code).toBe(78)
    expect(end).toMatchObject({ reason: 'sudo', outcome: 'refused' })
  })

  it.for(['status', `cycle ${op}`])(
    'says so where half an update is in place: %s',
    async (request, { host }) => {
      await sudo(host, `exec '${host.at('bin/breakglass-vm')}' "$3" '${host.dir}'`)
      await rm(host.at('bin/breakglass-lib'))
      const { code, end } = await host.request(request)
      expect({ code, end }).toMatchObject({ code: 78, end: { reason: 'config', outcome: 'refused' } })
      expect(end.detail).toContain('in the middle of an update')
    },
  )

  it('is given up where it hangs, for what only reads', async ({ host }) => {
    await substitute(host.at('bin/breakglass-pve'), /timeout -k 1 20/, 'timeout -k 1 1')
    await sudo(host, `trap '' TERM; echo $$ >>'${host.at('processes')}'; while :; do sleep 1; done`)
    const { code, end } = await host.request('status')
    expect({ code, end }).toMatchObject({ code: 78, end: { reason: 'sudo', outcome: 'refused' } })
    expect(end.detail).toContain('no end within')
  })

  it('is never cut short in what acts', async ({ host }) => {
    await substitute(host.at('bin/breakglass-pve'), /timeout -k 1 20/, 'timeout -k 1 1')
    await sudo(host, 'sleep 3; exit 73')
    expect((await host.request(`stop ${op}`)).code).toBe(73)
  })

  it('a worker that is killed is not told as refused: what it began may go on', async ({ host }) => {
    await sudo(host, 'kill -9 $$')
    const { code, end } = await host.request(`stop ${op}`)
    expect(code).toBe(137)
    expect(end).toEqual({})
  })
})

describe.concurrent('the journal', { timeout: 90_000 }, () => {
  it('has what was accepted, with the VM and the address', async ({ host }) => {
    await host.request(`stop ${op}`, { SSH_CLIENT: '2001:db8::1 5000 22' })
    await journal(host, `-t breakglass-pve vm from 2001:db8::1: accepted stop ${op}\n`)
  })

  it('has what was refused, escaped: no line of it is another one', async ({ host }) => {
    await host.request('status\nvm from 10.0.0.1: accepted stop\u001b[2J\\é', {
      SSH_CLIENT: '$(id)\nz10.0.0.9 1 22',
    })
    const line = String.raw`refused (64, not one of: status forensics reset stop start cycle, alone or with an op): "status\012vm from 10.0.0.1: accepted stop\033[2J\134\303\251"`
    await vi.waitFor(async () => expect(await read(host, 'journal')).toContain(line))
    const text = await read(host, 'journal')
    expect(text.trim().split('\n')).toHaveLength(1)
    expect(text).not.toContain('$(')
    expect(await read(host, 'sudo')).toBe('')
  })

  it('has a long request cut, with its length', async ({ host }) => {
    await host.request('a'.repeat(5000))
    await journal(host, /"a{200}", 5000 bytes\n$/)
  })

  it('that hangs holds nobody up', async ({ host }) => {
    await program(host, 'logger', `echo $$ >>'${host.at('processes')}'; exec sleep 600`)
    expect((await host.request('status')).code).toBe(0)
    await vi.waitFor(async () => expect(await read(host, 'processes')).toMatch(/\d+\n\d+/))
  })
})
