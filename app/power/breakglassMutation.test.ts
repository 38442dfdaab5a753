import { chmod, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { run, vmList } from '../../test/fakes/hostScript.ts'
import { PveHost, substitute } from '../../test/fakes/pveHost.ts'
import { verbTable } from './verbs.ts'

const op = '0123456789abcdef0123456789abcdef'
const other = 'f'.repeat(32)

describe.concurrent('an operation', { timeout: 90_000 }, () => {
  const it = test.extend<{ host: PveHost }>({
    // vitest reads the fixtures that this one needs from the pattern of its first argument.
    // eslint-disable-next-line no-empty-pattern
    host: async ({}, use) => {
      const host = await PveHost.start()
      await use(host)
      await host.remove()
    },
  })
  const inWorker = (host: PveHost, pattern: RegExp, text: string) =>
    substitute(host.at('bin/breakglass-vm'), pattern, text)
  /** Puts a program of a test's own in a tool's place. */
  async function replaceTool(host: PveHost, name: string, body: string): Promise<void> {
    await rm(host.at(name), { force: true })
    await writeFile(host.at(name), `#!/bin/sh\n${body}\n`)
    await chmod(host.at(name), 0o755)
  }
  const isThere = (host: PveHost, path: string) =>
    vi.waitFor(() => readFile(host.at(path)), { timeout: 30_000 })

  it('sent twice at once runs, even where the second comes before the first has begun', async ({ host }) => {
    await inWorker(host, /echo "\$verb" >"\$state\/op-\$op\.verb" &&/, 'sleep 3 && $&')
    const first = host.request(`reset ${op}`)
    await isThere(host, 'state/vm/current')
    expect(await host.request(`reset ${op}`)).toMatchObject({ code: 0, end: { outcome: 'done' } })
    expect((await first).code).toBe(0)
    expect(await host.acts()).toEqual(['qm reset 100'])
  })

  it('does not wait for the tidying of the one before', async ({ host }) => {
    await inWorker(
      host,
      /^ {2}find "\$state" \\\( -name 'op-\*'/m,
      `  echo $$ >>'${host.at('processes')}'; sleep 60; $&`,
    )
    expect((await host.request(`reset ${op}`)).code).toBe(0)
    expect((await host.request(`reset ${other}`)).code).toBe(0)
  })

  it('is refused for good where nobody that is known holds the lock', async ({ host }) => {
    await inWorker(host, /give_up=.*/, 'give_up=$(($(seconds) + 1))')
    await mkdir(host.at('state/vm'), { recursive: true })
    const holder = host.keepRunning('flock', [
      host.at('state/vm/lock'),
      'sh',
      '-c',
      `touch '${host.at('held')}'; exec sleep 600`,
    ])
    await isThere(host, 'held')
    const refused = await host.request(`reset ${op}`)
    expect(refused).toMatchObject({ code: 78, end: { outcome: 'refused', reason: 'state' } })
    expect(refused.end.detail).toContain('held by nobody that is known')
    process.kill(-(holder.pid ?? 0), 'SIGKILL')
    expect(await host.request(`reset ${op}`)).toEqual(refused)
    expect(await host.acts()).toEqual([])
    expect((await host.request(`reset ${other}`)).code).toBe(0)
  })

  it('that the host does not start in time is refused, and never runs', async ({ host }) => {
    await inWorker(host, /wait_for_answer 10/, 'wait_for_answer 1')
    await inWorker(host, /^operate\(\) \{/m, `$& until [ -e '${host.at('go')}' ]; do sleep 0.1; done`)
    const { code, end } = await host.request(`reset ${op}`)
    expect({ code, end }).toMatchObject({ code: 78, end: { outcome: 'refused', reason: 'state' } })
    expect(end.detail).toContain('nothing was run')
    expect(end.detail).not.toContain('disk')
    await writeFile(host.at('go'), '')
    // The process that came too late has said so.
    await vi.waitFor(
      async () => expect((await readdir(host.at('state/vm'))).join(' ')).toMatch(/answer-\S+/),
      { timeout: 30_000 },
    )
    expect(await host.acts()).toEqual([])
    expect(await host.request(`reset ${op}`)).toMatchObject({ code: 78 })
  })

  it('leaves a name that outlives a restart, for 90 days', async ({ host }) => {
    const old = host.at(`keep/ops/${other}`)
    await mkdir(host.at('keep/ops'), { recursive: true })
    await writeFile(old, '')
    await utimes(old, 0, 0)
    expect((await host.request(`reset ${op}`)).code).toBe(0)
    await vi.waitFor(async () => expect(await readdir(host.at('keep/ops'))).toEqual([op]))
  })

  it('runs where no such name can be left', async ({ host }) => {
    await writeFile(host.at('keep'), '')
    expect(await host.request(`reset ${op}`)).toMatchObject({ code: 0, end: { outcome: 'done' } })
  })

  it('lets qm make files as it does for others', async ({ host }) => {
    await replaceTool(
      host,
      'qm',
      `[ "$1" != reset ] || umask >"\${0%/*}/umask"; exec "\${0%/*}/real-qm" "$@"`,
    )
    await host.request(`reset ${op}`)
    expect(await readFile(host.at('umask'), 'utf8')).toMatch(/^0*22\n$/)
  })

  it('tells nothing of the command line of QEMU, nor keeps any of it', async ({ host }) => {
    await host.request('stop')
    const line = `start failed: command '/usr/bin/kvm -id 100 -name 'vm,debug-threads=on' -object secret,data=hunter2' failed: got timeout`
    await replaceTool(
      host,
      'qm',
      `[ "$1" != start ] || { cat "\${0%/*}/words"; cat "\${0%/*}/words" >&2; exit 255; }; exec "\${0%/*}/real-qm" "$@"`,
    )
    await writeFile(host.at('words'), `half a line, then\n${line}`)
    const { code, stdout, stderr, end } = await host.request(`start ${op}`)
    expect(code).toBe(70)
    expect(end.detail).toMatch(/^qm start failed: start failed: command kvm .* failed: got timeout$/)
    expect(stdout).toContain('half a line, then\nstart failed: command kvm')
    expect(stdout + stderr).not.toContain('hunter2')
    const kept = await run(['grep', '-rl', 'hunter2', host.at('state'), host.at('keep')], {})
    expect(kept.stdout).toBe('')
  })

  it('that HA has queued and not done may yet be done: that is told, and nothing of the kernel', async ({
    host,
  }) => {
    await host.fault('ha', 'started')
    await inWorker(host, /ha_limit=\d+/, 'ha_limit=3')
    await inWorker(host, /gone_limit=\d+/, 'gone_limit=1')
    await replaceTool(host, 'ha-manager', '[ "$1" != status ] || echo "service vm:100 (pve1, started)"')
    const { code, end } = await host.request(`cycle ${op}`)
    expect(code).toBe(71)
    expect(end.detail).toContain('HA still has the stop queued and may carry it out')
    expect(end.detail).not.toContain('kernel')
    await replaceTool(host, 'ha-manager', 'exit')
    // It runs still: nothing of it is left over that a start would have to fear.
    expect((await host.request(`start ${other}`)).end.reason).not.toBe('stuck')
  })

  it('tells of the kernel where that is seen to hold the process', async ({ host }) => {
    const folder = host.at(`proc/${host.pid}`)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'stat'), `${host.pid} (kvm) D ${'1 '.repeat(40)}\n`)
    await writeFile(join(folder, 'status'), 'voluntary_ctxt_switches:\t1\n')
    await host.configure(`proc=${host.at('proc')}`)
    await inWorker(host, /gone_limit=\d+/, 'gone_limit=1')
    const { code, end } = await host.request(`stop ${op}`)
    expect(code).toBe(71)
    expect(end.detail).toContain(`process ${host.pid} is still there, held by the kernel (D state)`)
    expect(end.detail).not.toContain('HA')
  })

  it('that HA carries out on another node says on which', async ({ host }) => {
    await host.request('stop')
    await host.fault('ha', 'stopped')
    await inWorker(host, /ha_limit=\d+/, 'ha_limit=2')
    await inWorker(host, /running_limit=\d+/, 'running_limit=1')
    await writeFile(host.at('moved'), vmList('pve2'))
    await replaceTool(
      host,
      'ha-manager',
      `case $1 in
  status) echo "service vm:100 (pve2, stopped)" ;;
  set) cp "\${0%/*}/moved" "\${0%/*}/pve/.vmlist" && touch "\${0%/*}/faults/migrated" ;;
esac`,
    )
    const { code, end } = await host.request(`start ${op}`)
    expect(code).toBe(73)
    expect(end.detail).toContain('HA has moved it to node pve2: look there')
  })

  it('is a unit that knows a broken pipe', async ({ host }) => {
    await mkdir(host.at('systemd'))
    await replaceTool(host, 'systemd-run', `printf '%s\\n' "$*" >>'${host.at('units')}'; exit 1`)
    await inWorker(host, /\/run\/systemd\/system/, host.at('systemd'))
    await inWorker(host, /^PATH=.*$/m, `PATH=${host.dir}:/usr/bin:/bin`)
    expect((await host.request(`reset ${op}`)).code).toBe(0)
    expect(await readFile(host.at('units'), 'utf8')).toContain('--property=IgnoreSIGPIPE=no')
  })
})

test('whoever waits for an operation waits longer than all of its parts may take', async () => {
  const text = await readFile(join(import.meta.dirname, 'host/breakglass-vm'), 'utf8')
  const seconds = (name: string) => Number(new RegExp(`\\b${name}=(\\d+)`).exec(text)?.[1])
  const [reset, stop, start, ha] = ['reset_limit', 'stop_limit', 'start_limit', 'ha_limit'].map(seconds)
  const [gone, running, order] = ['gone_limit', 'running_limit', 'order_limit'].map(seconds)
  // The wait for its process, pre-flight with a look for a thread that is stuck, a report.
  const before = 15 + 8 + 5
  // What one look at the VM and at HA may take beyond a limit, and the last look.
  const look = 5 + 6 + 3 + 5
  const stopAll = Math.max(stop! + gone!, order! + gone!, ha!) + look
  const startAll = Math.max(start! + running!, order! + running!, ha!) + look
  expect(ha).toBeGreaterThanOrEqual(200)
  expect(seconds('follow_one')).toBeGreaterThan(before + Math.max(reset! + look, stopAll, startAll))
  expect(seconds('follow_cycle')).toBeGreaterThan(before + stopAll + startAll)
  for (const verb of ['reset', 'stop', 'start'] as const)
    expect(verbTable[verb].timeoutMs).toBeGreaterThan(seconds('follow_one') * 1000)
  expect(verbTable.cycle.timeoutMs).toBeGreaterThan(seconds('follow_cycle') * 1000)
})
