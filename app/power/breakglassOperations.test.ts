import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, vi } from 'vitest'
import { onHost } from '../../test/fakes/hostTest.ts'

const op = '0123456789abcdef0123456789abcdef'
const other = 'f'.repeat(32)
const third = '3'.repeat(32)
const busybox = spawnSync('sh', ['-c', 'command -v busybox']).stdout.toString().trim()

const mutating = (calls: string[]) => calls.filter((call) => /^(stop|start|reset) /.test(call))

/** What holds for the scripts with the tools of a full Linux, and with those of busybox without any lock tool. */
function operations(scriptsFolder: () => string) {
  const it = onHost(scriptsFolder)

  it('cycles: stops, sees the end, starts, and says so in its last line', async ({ host }) => {
    const { code, stdout, end } = await host.request(`cycle ${op}`)
    expect(code).toBe(0)
    expect(end).toMatchObject({ op, verb: 'cycle', exit_code: 0, outcome: 'done' })
    expect(stdout).toContain('before: running')
    const told = await host.request(`status ${op}`)
    const { operation } = JSON.parse(told.stdout.split('\n')[0] ?? '')
    const phases = stdout.matchAll(/^@phase (\w+) (\S+)$/gm)
    expect(operation).toMatchObject({ op, outcome: 'done' })
    expect(operation.phases).toEqual([...phases].map(([, phase, at]) => ({ phase, at })))
    expect(operation.phases).toHaveLength(4)
    expect(mutating(await host.calls())).toEqual(['stop 100', 'start 100'])
    expect(await readFile(join(host.vm, 'starts'), 'utf8')).toBe('2\n')
  })

  it('runs an op once: sent again while it runs it is joined, sent again later it is replayed', async ({
    host,
  }) => {
    const twice = await Promise.all([host.request(`cycle ${op}`), host.request(`cycle ${op}`)])
    const later = await host.request(`cycle ${op}`)
    for (const { code, end, stdout } of [...twice, later]) {
      expect(code).toBe(0)
      expect(end).toMatchObject({ op, outcome: 'done' })
      expect(stdout).toContain('qm stop 100')
    }
    expect(mutating(await host.calls())).toEqual(['stop 100', 'start 100'])
  })

  it('replays a failure as the failure that it was', async ({ host }) => {
    await writeFile(join(host.vm, 'busy'), '')
    const first = await host.request(`stop ${op}`)
    await rm(join(host.vm, 'busy'))
    const again = await host.request(`stop ${op}`)
    expect(first.code).toBe(70)
    expect(first.stderr).toContain("can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout")
    expect(again).toEqual(first)
    expect(mutating(await host.calls())).toEqual(['stop 100'])
  })

  it('replays a refusal too: what was refused once is not run when it is sent again', async ({ host }) => {
    await writeFile(join(host.vm, 'lock'), 'backup\n')
    const first = await host.request(`stop ${op}`)
    await rm(join(host.vm, 'lock'))
    const again = await host.request(`stop ${op}`)
    expect(first).toMatchObject({ code: 76, end: { outcome: 'refused', reason: 'locked' } })
    expect(first.stderr).toContain('VM is locked (backup)')
    expect(again).toEqual(first)
    expect(mutating(await host.calls())).toEqual([])
  })

  it('answers another op with the name of the one that runs', async ({ host }) => {
    const first = host.request(`cycle ${op}`)
    await vi.waitFor(async () => expect(mutating(await host.calls())).toEqual(['stop 100']))
    const second = await host.request(`reset ${other}`)
    expect(second.code).toBe(75)
    expect(second.end).toMatchObject({ op: other, outcome: 'refused', running: op })
    expect((await first).code).toBe(0)
    expect(mutating(await host.calls())).toEqual(['stop 100', 'start 100'])
    // What was told as refused never runs, whoever sends it again.
    expect(await host.request(`reset ${other}`)).toEqual(second)
    expect(mutating(await host.calls())).toEqual(['stop 100', 'start 100'])
    expect((await host.request(`reset ${third}`)).code).toBe(0)
  })

  it('what the host has forgotten with a restart is unknown, and does not run anew', async ({ host }) => {
    expect((await host.request(`reset ${op}`)).code).toBe(0)
    await rm(join(host.dir, 'state'), { recursive: true })
    const again = await host.request(`reset ${op}`)
    expect(again).toMatchObject({ code: 73, end: { op, verb: 'reset', outcome: 'unknown' } })
    expect(again.end.detail).toContain('the host has been restarted since')
    expect(await host.request(`reset ${op}`)).toEqual(again)
    expect(mutating(await host.calls())).toEqual(['reset 100'])
    expect((await host.request(`reset ${other}`)).code).toBe(0)
  })

  it('goes on when its caller is killed', async ({ host }) => {
    const caller = host.start(`cycle ${op}`)
    await vi.waitFor(async () => expect(mutating(await host.calls())).toEqual(['stop 100']))
    caller.kill('SIGKILL')
    caller.stdout?.destroy()
    caller.stderr?.destroy()
    await once(caller, 'exit')
    const told = await host.request(`cycle ${op}`)
    expect(told.end).toMatchObject({ op, outcome: 'done' })
    expect(mutating(await host.calls())).toEqual(['stop 100', 'start 100'])
  })

  it('tells an operation whose process died as unknown, does not repeat it, and lets others run', async ({
    host,
  }) => {
    const caller = host.request(`cycle ${op}`)
    await vi.waitFor(async () => expect(mutating(await host.calls())).toEqual(['stop 100']))
    const [, , pid] = (await readFile(join(host.dir, 'state/current'), 'utf8')).split(' ')
    process.kill(Number(pid), 'SIGKILL')
    const { stdout } = await host.request(`status ${op}`)
    expect(JSON.parse(stdout.split('\n')[0] ?? '').operation).toMatchObject({
      op,
      verb: 'cycle',
      outcome: 'unknown',
    })
    const lost = await caller
    expect(lost.code).toBe(73)
    expect(lost.end).toMatchObject({ op, outcome: 'unknown' })
    expect((await host.request(`cycle ${op}`)).code).toBe(73)
    expect(mutating(await host.calls())).toEqual(['stop 100'])
    // The orphaned qm may still be stopping the VM: what comes next must find that ended.
    await vi.waitFor(async () => expect(await readFile(join(host.vm, 'state'), 'utf8')).toBe('stopped\n'))
    expect((await host.request(`start ${other}`)).code).toBe(0)
  })
}

describe.concurrent('operations', { timeout: 90_000 }, () =>
  operations(() => join(import.meta.dirname, 'host')),
)

describe.skipIf(!busybox)(
  'operations with busybox alone: no flock, setsid, timeout',
  { concurrent: true, timeout: 90_000 },
  () => {
    let folder: string
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'breakglass-busybox-'))
      const applets =
        'sh env head tail tr cut sed awk date sleep find cat mkdir rmdir mv rm ln od grep ps wc sort uname uptime dmesg stat df'
      for (const name of applets.split(' ')) await symlink(busybox, join(folder, name))
      for (const name of [
        'breakglass-pve',
        'breakglass-vm',
        'breakglass-lib',
        'breakglass-status',
        'breakglass-preflight',
        'breakglass-report',
        'breakglass-probe',
      ]) {
        await copyFile(join(import.meta.dirname, 'host', name), join(folder, name))
        const text = await readFile(join(folder, name), 'utf8')
        await writeFile(join(folder, name), text.replace(/^PATH=.*$/m, `PATH=${folder}`))
      }
    })
    afterAll(() => rm(folder, { recursive: true }))
    operations(() => folder)

    onHost(() => folder)('gets past a lock whose holder and whose breaker both died', async ({ host }) => {
      const left = join(host.dir, 'state/lock.break')
      await mkdir(join(host.dir, 'state/lock.d'), { recursive: true })
      await mkdir(left)
      await utimes(left, 0, 0)
      expect((await host.request(`reset ${op}`)).code).toBe(0)
      expect((await host.request(`reset ${other}`)).code).toBe(0)
    })
  },
)

describe.concurrent('what qm may say', { timeout: 90_000 }, () => {
  const it = onHost()

  it('a reset that QEMU does not take has failed', async ({ host }) => {
    await writeFile(join(host.vm, 'wedge'), '')
    const { code, end, stderr } = await host.request(`reset ${op}`)
    expect(code).toBe(70)
    expect(end.outcome).toBe('failed')
    expect(stderr).toContain("VM 100 qmp command 'system_reset' failed - got timeout")
  })

  it('a wedged VM is cycled through the escalation of qm', async ({ host }) => {
    await writeFile(join(host.vm, 'wedge'), '')
    const { code, stdout, stderr } = await host.request(`cycle ${op}`)
    expect(code).toBe(0)
    expect(stdout).toContain('monitor silent')
    expect(stderr).toContain('VM still running - terminating now with SIGKILL')
  })

  it('stopping what is stopped is done', async ({ host }) => {
    await writeFile(join(host.vm, 'state'), 'stopped\n')
    expect(await host.request(`stop ${op}`)).toMatchObject({ code: 0, end: { outcome: 'done' } })
  })

  it('starting what runs has failed', async ({ host }) => {
    const { code, stderr } = await host.request(`start ${op}`)
    expect(code).toBe(70)
    expect(stderr).toContain('VM 100 already running')
  })

  it('a process that survives its stop is told as unknown, and nothing is started', async ({ host }) => {
    await host.replaceQm(`#!/bin/sh
echo "$*" >>"\${0%/*}/calls"
[ "$1" != stop ] || touch "\${0%/*}/stopped"
if [ -e "\${0%/*}/stopped" ]; then s=stopped; else s=running; fi
[ "$1" != status ] || printf 'pid: %s\\nqmpstatus: %s\\nrunning-qemu: 9\\n' ${process.pid} $s
`)
    const { code, end } = await host.request(`cycle ${op}`)
    expect(code).toBe(71)
    expect(end).toMatchObject({ outcome: 'unknown' })
    expect(end.detail).toContain(`process ${process.pid}`)
    expect(mutating(await host.calls())).toEqual(['stop 100'])
  })

  const silentBeforeTheStop = `#!/bin/sh
echo "$*" >>"\${0%/*}/calls"
case $1 in
  stop) touch "\${0%/*}/stopped" ;;
  status) [ -e "\${0%/*}/stopped" ] || { echo 'got timeout' >&2; exit 255; }
    if grep -q start "\${0%/*}/calls"; then echo qmpstatus: running; else echo qmpstatus: stopped; fi ;;
esac
`

  it('a VM whose process nobody could name before its stop is not started', async ({ host }) => {
    await host.replaceQm(silentBeforeTheStop)
    const { code, end } = await host.request(`cycle ${op}`)
    expect(code).toBe(71)
    expect(end).toMatchObject({ outcome: 'unknown', detail: expect.stringContaining('not started') })
    expect(mutating(await host.calls())).toEqual(['stop 100'])
  })

  it.for<[string, number]>([
    ['gone', 4_200_001],
    ['another program by now', process.pid],
  ])(
    'a VM whose process file alone names it, and that process is %s, is started',
    async ([, pid], { host }) => {
      await host.replaceQm(silentBeforeTheStop)
      await writeFile(join(host.dir, '100.pid'), `${pid}\n`)
      expect((await host.request(`cycle ${op}`)).code).toBe(0)
    },
  )

  it('a VM whose process file alone names it, and which outlives its stop, is not started', async ({
    host,
  }) => {
    await symlink('/bin/sleep', join(host.dir, 'kvm'))
    const qemu = spawn(join(host.dir, 'kvm'), ['600'], { stdio: 'ignore' })
    await writeFile(join(host.dir, '100.pid'), `${qemu.pid}\n`)
    await host.replaceQm(silentBeforeTheStop)
    expect((await host.request(`cycle ${op}`)).code).toBe(71)
    expect(mutating(await host.calls())).toEqual(['stop 100'])
    qemu.kill('SIGKILL')
  })

  it('a cycle whose start fails says that the VM is off', async ({ host }) => {
    await host.replaceQm(`#!/bin/sh
echo "$*" >>"\${0%/*}/calls"
[ "$1" != start ] || { echo 'cluster not ready - no quorum?' >&2; exit 255; }
exec "\${0%/*}/vm/qm" "$@"
`)
    const { code, end } = await host.request(`cycle ${op}`)
    expect(code).toBe(72)
    expect(end).toMatchObject({
      outcome: 'failed',
      detail: 'the VM is off: qm start failed: cluster not ready - no quorum?',
    })
  })

  it('a VM that qm starts does not inherit the lock', async ({ host }) => {
    await writeFile(join(host.vm, 'state'), 'stopped\n')
    const pidFile = join(host.dir, 'daemon')
    await host.replaceQm(`#!/bin/sh
[ "$1" != start ] || { sleep 60 >/dev/null 2>&1 & echo $! >'${pidFile}'; }
exec "\${0%/*}/vm/qm" "$@"
`)
    expect((await host.request(`start ${op}`)).code).toBe(0)
    expect((await host.request(`reset ${other}`)).code).toBe(0)
    process.kill(Number(await readFile(pidFile, 'utf8')))
  })

  it('an op that belongs to one verb is refused for another', async ({ host }) => {
    await host.request(`stop ${op}`)
    const { code, end } = await host.request(`start ${op}`)
    expect({ code, end }).toMatchObject({ code: 64, end: { outcome: 'refused' } })
    expect(mutating(await host.calls())).toEqual(['stop 100'])
  })

  it('a mutation without an op gets one of its own each time', async ({ host }) => {
    const [first, second] = [await host.request('reset'), await host.request('reset')]
    expect(first.end.op).toMatch(/^[0-9a-f]{32}$/)
    expect(second.end.op).not.toBe(first.end.op)
    expect(mutating(await host.calls())).toEqual(['reset 100', 'reset 100'])
  })
})
