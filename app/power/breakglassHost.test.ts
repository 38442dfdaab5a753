import { spawnSync } from 'node:child_process'
import { access, chmod, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { describe, expect, it as test, vi } from 'vitest'
import { PveHost, substitute } from '../../test/fakes/pveHost.ts'

const op = '0123456789abcdef0123456789abcdef'
const other = 'f'.repeat(32)

const it = test.extend<{ host: PveHost }>({
  // vitest reads the fixtures that this one needs from the pattern of its first argument.
  // eslint-disable-next-line no-empty-pattern
  host: async ({}, use) => {
    const host = await PveHost.start()
    await use(host)
    await host.remove()
  },
})

const status = async (host: PveHost, request = 'status') => {
  const { stdout } = await host.request(request)
  return JSON.parse(stdout.split('\n')[0] ?? '')
}
async function replaceTool(host: PveHost, name: string, body: string): Promise<void> {
  await rm(host.at(name), { force: true })
  await writeFile(host.at(name), `#!/bin/sh\n${body}\n`)
  await chmod(host.at(name), 0o755)
}
const phases = (stdout: string) => [...stdout.matchAll(/^@phase (\w+) \S+Z$/gm)].map(([, name]) => name)

describe.concurrent('status', { timeout: 90_000 }, () => {
  it('tells of quorum on a host without a cluster, and without pvecm, as pmxcfs does', async ({ host }) => {
    await rm(host.at('pve/corosync.conf'))
    expect(await status(host)).toMatchObject({ quorum: true, unread: [] })
    await rm(host.at('pve/local'))
    expect(await status(host)).toMatchObject({ quorum: true, unread: [] })
    for (const tool of ['pvecm', 'ha-manager', 'pvesm']) await rm(host.at(tool))
    await rm(host.at('pve'), { recursive: true })
    expect(await status(host)).toMatchObject({ quorum: true, unread: [] })
  })

  it('takes the word of pvecm where the cluster has no other sign of quorum', async ({ host }) => {
    await rm(host.at('pve/local'))
    await host.fault('corosync-dead')
    expect(await status(host)).toMatchObject({ quorum: false, unread: [] })
  })

  it("tells the process's start, from /proc, and how long it has run", async ({ host }) => {
    const found = await status(host)
    expect(found).toMatchObject({ pid: host.pid, state: 'running', agent: 'answers', ha: null, node: null })
    expect(Math.abs(Date.parse(found.started_at) - Date.now())).toBeLessThan(60_000)
    expect(found.uptime_s).toBeLessThan(60)
  })

  it.for([3, 4])('calls a VM wedged within its 10 s when each look takes qm %d s', async (wait, { host }) => {
    await host.fault('qmp-silent')
    const slow = `[ "$1" != status ] || sleep ${wait}\nexec "\${0%/*}/real-qm" "$@"`
    await replaceTool(host, 'qm', slow)
    const began = performance.now()
    expect(await status(host)).toMatchObject({ state: 'running', wedged: true, pid: host.pid })
    // A busy machine gets as long again.
    expect(performance.now() - began).toBeLessThan(20_000)
  })

  it('names a process that a signal has stopped, and what lets it go on', async ({ host }) => {
    await host.fault('qmp-silent')
    process.kill(host.pid, 'SIGSTOP')
    const found = await status(host)
    expect(found).toMatchObject({ wedged: true, qmp: 'silent' })
    expect(found.evidence).toContain(
      `a signal has stopped it: on the host, kill -CONT ${host.pid} lets it go on`,
    )
  })

  it('tells secrets of pending changes by name alone', async ({ host }) => {
    await replaceTool(
      host,
      'qm',
      `[ "$1" = pending ] || exec "\${0%/*}/real-qm" "$@"
       printf 'cur cipassword: hunter2\\nnew cipassword: hunter3\\ncur net1: virtio\\ndel net1\\nnew cores: 4\\n'`,
    )
    const { pending } = await status(host)
    expect(pending.toSorted()).toEqual([
      'cipassword: [redacted] → [redacted]',
      'cores: (none) → 4',
      'net1: virtio → (removed)',
    ])
  })

  it('suspects a stall when the disks stand still while the agent is silent, and no sooner than after 5 s', async ({
    host,
  }) => {
    const frozen = `case $1 in
      status) printf 'pid: ${host.pid}\\nqmpstatus: running\\nrunning-qemu: 9\\nblockstat:\\n\\tscsi0:\\n\\t\\twr_bytes: 7\\n' ;;
      guest) echo 'QEMU guest agent is not running' >&2; exit 255 ;;
    esac`
    await replaceTool(host, 'qm', frozen)
    expect(await status(host)).toMatchObject({ suspect: null, agent: 'silent', wedged: false })
    const counters = host.at('state/vm/counters')
    const [pid, since, ...rest] = (await readFile(counters, 'utf8')).split(' ')
    await writeFile(counters, [pid, Number(since) - 60, ...rest].join(' '))
    const found = await status(host)
    expect(found.suspect).toMatch(/^its disks have moved nothing for 6\d s, and its agent does not answer$/)
    expect(found.wedged).toBe(false)
    await replaceTool(host, 'qm', frozen.replace('wr_bytes: 7', 'wr_bytes: 8'))
    expect(await status(host)).toMatchObject({ suspect: null })
  })

  it('does not ask a second time what is still stuck with the first, and never waits for it', async ({
    host,
  }) => {
    await rm(host.at('pve/local'))
    // What no signal ends cannot be made here: what holds the answer open and is nobody's child comes close.
    await replaceTool(
      host,
      'pvecm',
      `echo "pvecm $*" >>'${host.at('calls')}'
       setsid sh -c 'echo $$ >>"${host.at('processes')}"; exec sleep 600' & exec sleep 600`,
    )
    const began = performance.now()
    expect(await status(host)).toMatchObject({ quorum: null, unread: ['quorum'], state: 'running' })
    expect(performance.now() - began).toBeLessThan(20_000)
    const [stuck] = (await readFile(host.at('processes'), 'utf8')).split('\n').slice(1)
    const [, , , , , ...fields] = (await readFile(`/proc/${stuck}/stat`, 'utf8'))
      .replace(/.*\) /, '')
      .split(' ')
    await writeFile(host.at('state/vm/stuck-quorum'), `${stuck} ${fields[14]}\n`)
    const calls = await readFile(host.at('calls'), 'utf8')
    expect(await status(host)).toMatchObject({ quorum: null, unread: ['quorum'] })
    const after = (await readFile(host.at('calls'), 'utf8')).slice(calls.length)
    expect(after).not.toContain('pvecm')
    process.kill(Number(stuck), 'SIGKILL')
    await vi.waitFor(async () => {
      await status(host)
      expect((await readFile(host.at('calls'), 'utf8')).slice(calls.length)).toContain('pvecm')
    })
  })

  it('leaves no folder of answers behind', async ({ host }) => {
    await status(host)
    expect((await readdir(host.at('state/vm'))).filter((name) => name.startsWith('scratch'))).toEqual([])
  })
})

describe.concurrent('forensics', { timeout: 90_000 }, () => {
  it('of before a mutation are kept under its op, for root alone, and told again', async ({ host }) => {
    const { stdout, end } = await host.request(`stop ${op}`)
    expect(end).toMatchObject({ outcome: 'done', forensics: true })
    expect(phases(stdout)).toEqual(['preflight', 'forensics', 'stop'])
    const [name = ''] = await readdir(host.at('keep'))
    expect(name).toMatch(new RegExp(String.raw`^\d{8}T\d{6}Z-${op}\.txt$`))
    expect((await stat(host.at(`keep/${name}`))).mode & 0o777).toBe(0o600)
    const told = await host.request(`forensics ${op}`)
    const kept = await readFile(host.at(`keep/${name}`), 'utf8')
    expect(told.stdout.startsWith(kept)).toBe(true)
    expect(kept).toMatch(/^VM 100: .*running/)
    expect(kept).toContain(`/proc/${host.pid}/wchan`)
    expect(kept).toMatch(/== disks \(ok, 1\.\d s\)/)
    expect(kept).toContain('-- again')
  })

  it('under an op of no mutation are made once', async ({ host }) => {
    const first = await host.request(`forensics ${op}`)
    const second = await host.request(`forensics ${op}`)
    const text = (stdout: string) => stdout.slice(0, stdout.lastIndexOf('\n{'))
    expect(text(second.stdout)).toBe(text(first.stdout))
    expect(await readdir(host.at('keep'))).toHaveLength(1)
    expect(first.end).toMatchObject({ op, verb: 'forensics', outcome: 'done' })
    expect([first, second].map(({ end }) => end['forensics'])).toEqual([undefined, true])
  })

  it('that were not made before a refused mutation are told as that, not made up later', async ({ host }) => {
    await host.fault('lock', 'backup')
    expect((await host.request(`stop ${op}`)).code).toBe(76)
    expect(await host.request(`forensics ${op}`)).toMatchObject({
      code: 70,
      end: { detail: 'no report is kept under this op' },
    })
  })

  it('are the last 20', async ({ host }) => {
    await mkdir(host.at('keep'))
    const old = Array.from({ length: 25 }, (_, index) => `20250101T0000${index + 10}Z-${other}.txt`)
    for (const name of old) await writeFile(host.at(`keep/${name}`), 'old\n')
    await host.request('forensics')
    const left = await readdir(host.at('keep'))
    expect(left).toHaveLength(20)
    expect(left.toSorted().slice(0, 19)).toEqual(old.slice(6))
  })

  it('hold no operation up that cannot keep them', async ({ host }) => {
    await host.configure('keep=/proc/none')
    const { code, end } = await host.request(`stop ${op}`)
    expect(code).toBe(0)
    expect(end).not.toHaveProperty('forensics')
  })
})

describe.concurrent('an operation', { timeout: 90_000 }, () => {
  it('tells its phases, which a replay tells again', async ({ host }) => {
    const first = await host.request(`cycle ${op}`)
    expect(phases(first.stdout)).toEqual(['preflight', 'forensics', 'stop', 'start'])
    expect(await host.request(`cycle ${op}`)).toEqual(first)
  })

  it('does not take a process for gone whose first thread alone has ended, and starts none beside it later', async ({
    host,
  }) => {
    const stat = (state: string) => `7 (kvm) ${state} ${'9 '.repeat(50)}\n`
    const folder = host.at(`proc/${host.pid}`)
    await mkdir(`${folder}/task/4300`, { recursive: true })
    await writeFile(`${folder}/stat`, stat('S'))
    await writeFile(`${folder}/task/4300/stat`, stat('S'))
    await host.configure(`proc=${host.at('proc')}`)
    await replaceTool(
      host,
      'qm',
      `[ "$1" != stop ] || { printf '${stat('Z').trim()}\\n' >'${folder}/stat'; printf '${stat('D').trim()}\\n' >'${folder}/task/4300/stat'; }
       exec "\${0%/*}/real-qm" "$@"`,
    )
    const stopped = await host.request(`cycle ${op}`)
    expect(stopped).toMatchObject({ code: 71, end: { outcome: 'unknown' } })
    expect(stopped.end.detail).toContain(`process ${host.pid} is still there`)
    expect(await status(host)).toMatchObject({ state: 'stopped', wedged: true, pid: host.pid })
    const refused = await host.request(`start ${other}`)
    expect(refused).toMatchObject({ code: 76, end: { reason: 'stuck' } })
    await rm(folder, { recursive: true })
    expect((await host.request('start')).code).toBe(0)
    expect(await host.acts()).toEqual(['qm stop 100', 'qm start 100'])
  })

  it('is told as unknown when a stop has no end, and nothing is started', async ({ host }) => {
    await substitute(host.at('bin/breakglass-vm'), /stop_limit=\d+/, 'stop_limit=2')
    await replaceTool(
      host,
      'qm',
      `[ "$1" = stop ] || exec "\${0%/*}/real-qm" "$@"
       echo "qm $*" >>'${host.at('calls')}'; echo $$ >>'${host.at('processes')}'; exec sleep 600`,
    )
    const { code, end } = await host.request(`cycle ${op}`)
    expect(code).toBe(71)
    expect(end.detail).toMatch(/^qm stop has no end after 2 s and still runs \(process \d+\); not started$/)
    expect(await host.acts()).toEqual(['qm stop 100'])
  })

  it.for([
    ['stop', 71, 'ha-manager crm-command stop ended, but the VM is not seen to be gone: running, process'],
    ['start', 73, 'ha-manager set ended, but the VM is not seen running: stopped'],
  ] as const)(
    'that HA queues and never does is told as unknown: %s',
    async ([verb, code, says], { host }) => {
      if (verb === 'start') await host.request('stop')
      await host.fault('ha', verb === 'stop' ? 'started' : 'stopped')
      await substitute(host.at('bin/breakglass-vm'), /ha_limit=\d+/, 'ha_limit=3')
      await replaceTool(
        host,
        'ha-manager',
        `[ "$1" != status ] || echo "service vm:100 (pve1, $(cat "\${0%/*}/faults/ha"))"`,
      )
      const answer = await host.request(`${verb} ${op}`)
      expect(answer).toMatchObject({ code, end: { outcome: 'unknown' } })
      expect(answer.end.detail).toContain(says)
    },
  )

  it('whose end finds no room on the disk is unknown, not for ever', async ({ host, skip }) => {
    if (!canMount) skip('needs a mount namespace')
    await mkdir(host.at('state'))
    // While qm stops the VM the disk fills up, the room for the operation's end too.
    await replaceTool(
      host,
      'qm',
      `[ "$1" = stop ] && { rm -f '${host.at('state/vm')}'/op-*.room; cat /dev/zero >'${host.at('state/full')}'; } 2>/dev/null
       exec "\${0%/*}/real-qm" "$@"`,
    )
    const prepare = 'mount -t tmpfs -o size=512k tmpfs "$0" || exit 99; exec "$@"'
    host.forcedCommand = ['unshare', '-m', 'sh', '-c', prepare, host.at('state'), ...host.forcedCommand]
    const { code, end } = await host.request(`stop ${op}`)
    expect(code).toBe(73)
    expect(end).toMatchObject({ op, verb: 'stop', outcome: 'unknown' })
    expect(await host.acts()).toEqual(['qm stop 100'])
  })
})

describe.concurrent('where systemd runs the host', { timeout: 90_000 }, () => {
  /** A systemd-run that does what the real one would: the unit is nobody's child and has no pipe to the caller. */
  async function withSystemd(host: PveHost, body: string): Promise<void> {
    await mkdir(host.at('systemd'))
    await replaceTool(host, 'systemd-run', `printf '%s\\n' "$*" >>'${host.at('units')}'\n${body}`)
    await substitute(host.at('bin/breakglass-vm'), /\/run\/systemd\/system/, host.at('systemd'))
    await substitute(host.at('bin/breakglass-vm'), /^PATH=.*$/m, `PATH=${host.dir}:/usr/bin:/bin`)
  }
  const skipOptions = 'while [ "${1#--}" != "$1" ]; do shift; done'
  const launch = `${skipOptions}
    exec setsid "$@" </dev/null >/dev/null 2>&1 &`

  it('an operation is a unit of its own, named after its op', async ({ host }) => {
    await withSystemd(host, launch)
    const { code, stdout } = await host.request(`cycle ${op}`)
    expect(code).toBe(0)
    expect(phases(stdout)).toEqual(['preflight', 'forensics', 'stop', 'start'])
    const [argv = '', ...more] = (await readFile(host.at('units'), 'utf8')).trim().split('\n')
    expect(argv).toMatch(
      new RegExp(
        `^--quiet --collect --unit=breakglass-op-${op} .*breakglass-vm operate cycle ${host.dir} vm ${op} `,
      ),
    )
    expect(more).toEqual([])
    expect(await host.acts()).toEqual(['qm stop 100', 'qm start 100'])
  })

  it.for([
    ['says no', 'exit 1'],
    ['hangs', 'exec sleep 20'],
    [
      'says yes and starts it too late',
      `${skipOptions}; (sleep 7 && setsid "$@"; touch "\${0%/*}/late") >/dev/null 2>&1 &`,
    ],
  ] as const)('a systemd that %s is done without, and the op runs once', async ([, body], { host }) => {
    await withSystemd(host, body)
    expect((await host.request(`stop ${op}`)).code).toBe(0)
    if (body.includes('late')) await vi.waitFor(() => access(host.at('late')))
    expect(await host.acts()).toEqual(['qm stop 100'])
  })
})

const canMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
