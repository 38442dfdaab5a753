import { spawnSync } from 'node:child_process'
import { access, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { describe, expect, vi } from 'vitest'
import { onPveHost as it, phases, status } from '../../test/fakes/onPveHost.ts'
import { substitute, type PveHost } from '../../test/fakes/pveHost.ts'
import { timed } from '../../test/fakes/timed.ts'

const op = '0123456789abcdef0123456789abcdef'
const other = 'f'.repeat(32)

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

  it('takes no other process for that of the VM', async ({ host }) => {
    const stranger = host.keepRunning('sleep', ['600'])
    await writeFile(host.at('100.pid'), `${stranger.pid}\n`)
    await host.fault('pmxcfs-dead')
    await rm(host.at('pve/.vmlist'))
    expect(await status(host)).toMatchObject({ state: 'unknown', pid: null })
    const { code, end } = await host.request('stop')
    expect({ code, reason: end['reason'] }).toEqual({ code: 76, reason: 'pmxcfs' })
    expect(end['detail']).not.toContain('kill')
    expect(end['detail']).toContain('systemctl status pve-cluster')
  })

  it.for([
    ['kvm', '0::/qemu.slice/100.scope', true],
    ['CPU 0/KVM', '0::/qemu.slice/100.scope', true],
    ['kvm', '0::/qemu.slice/1100.scope', false],
    ['kvm', '0::/system.slice/some.service', true],
    ['qemu-system-x86', '0::/', true],
    ['sleep', '0::/', false],
  ] as const)(
    'knows the process of the VM by its scope, else by its name: %s in %s',
    async (row, { host }) => {
      const [name, scope, isIt] = row
      await host.fault('pmxcfs-dead')
      await mkdir(host.at(`proc/${host.pid}`), { recursive: true })
      await writeFile(host.at(`proc/${host.pid}/stat`), `7 (${name}) S ${'9 '.repeat(50)}\n`)
      await writeFile(host.at(`proc/${host.pid}/cgroup`), `${scope}\n`)
      await host.configure(`proc=${host.at('proc')}`)
      expect(await status(host)).toMatchObject({ pid: isIt ? host.pid : null })
    },
  )

  it("tells the process's start, from /proc, and how long it has run", async ({ host }) => {
    const found = await status(host)
    expect(found).toMatchObject({ pid: host.pid, state: 'running', agent: 'answers', ha: null, node: null })
    expect(Math.abs(Date.parse(found.started_at) - Date.now())).toBeLessThan(60_000)
    expect(found.uptime_s).toBeLessThan(60)
  })

  it.for([
    [3, 3],
    [4, 4],
    [4, 600],
  ])(
    'calls a VM wedged within its 10 s when its looks take qm %d s and %d s',
    async ([first, second], { host }) => {
      await host.fault('qmp-silent')
      // What a busy machine takes for it all when no look takes long: a second passes between the two.
      const { seconds: calm } = await timed(() => status(host))
      await host.replaceTool(
        'qm',
        `home=\${0%/*}
       if [ "$1" = status ]; then
         if mkdir "$home/looked"; then sleep ${first}; else sleep ${second}; fi
       fi 2>/dev/null
       exec "$home/real-qm" "$@"`,
      )
      const { seconds, value } = await timed(() => status(host))
      expect(value).toMatchObject({ state: 'running', wedged: true, pid: host.pid })
      expect(seconds).toBeLessThan(9 + calm)
    },
  )

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
    await host.replaceTool(
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
    await host.replaceTool('qm', frozen)
    expect(await status(host)).toMatchObject({ suspect: null, agent: 'silent', wedged: false })
    const counters = host.at('state/vm/counters')
    const [pid, since, ...rest] = (await readFile(counters, 'utf8')).split(' ')
    await writeFile(counters, [pid, Number(since) - 60, ...rest].join(' '))
    const found = await status(host)
    expect(found.suspect).toMatch(/^its disks have moved nothing for 6\d s, and its agent does not answer$/)
    expect(found.wedged).toBe(false)
    await host.replaceTool('qm', frozen.replace('wr_bytes: 7', 'wr_bytes: 8'))
    expect(await status(host)).toMatchObject({ suspect: null })
  })

  it('does not ask a second time what is still stuck with the first, and never waits for it', async ({
    host,
  }) => {
    await rm(host.at('pve/local'))
    // What no signal ends cannot be made here: what holds the answer open and is nobody's child comes close.
    await host.replaceTool(
      'pvecm',
      `echo "pvecm $*" >>'${host.at('calls')}'
       setsid sh -c 'echo $$ >>"${host.at('processes')}"; exec sleep 600' & exec sleep 600`,
    )
    expect(await status(host)).toMatchObject({ quorum: null, unread: ['quorum'], state: 'running' })
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
    await host.replaceTool(
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
    await host.replaceTool(
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
      await host.replaceTool(
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
    await host.replaceTool(
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
    await host.replaceTool('systemd-run', `printf '%s\\n' "$*" >>'${host.at('units')}'\n${body}`)
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
