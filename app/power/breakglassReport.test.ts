import { spawnSync } from 'node:child_process'
import { access, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { describe, expect, vi } from 'vitest'
import { onPveHost as it, phases, status } from '../../test/fakes/onPveHost.ts'
import { substitute } from '../../test/fakes/pveHost.ts'

const op = '0123456789abcdef0123456789abcdef'
const other = 'f'.repeat(32)

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

  it('are the last 20 of each kind: those that were asked for leave those of before an operation alone', async ({
    host,
  }) => {
    await mkdir(host.at('keep'))
    const times = Array.from({ length: 25 }, (_, index) => `20250101T0000${index + 10}Z`)
    const before = times.map((time) => `${time}-${other}.txt`)
    const asked = times.map((time) => `${time}-${op}.asked.txt`)
    for (const name of [...before, ...asked]) await writeFile(host.at(`keep/${name}`), 'old\n')
    const left = async () => (await readdir(host.at('keep'))).toSorted()
    await host.request('forensics')
    expect((await left()).filter((name) => name.startsWith('2025'))).toEqual(
      [...before, ...asked.slice(6)].toSorted(),
    )
    await host.request('reset')
    expect((await left()).filter((name) => name.startsWith('2025'))).toEqual(
      [...before.slice(6), ...asked.slice(6)].toSorted(),
    )
  })

  for (const lock of ['flock', 'a folder'])
    it(`are made one at a time, and who comes second waits for nothing: ${lock}`, async ({ host }) => {
      if (lock === 'a folder')
        await substitute(host.at('bin/breakglass-report'), /command -v flock/, 'command -v no-flock')
      spawnSync('mkfifo', [host.at('gate')])
      await host.replaceTool(
        'qm',
        `[ "$1" != config ] || { : >'${host.at('begun')}'; read -r _ <'${host.at('gate')}'; }\nexec "\${0%/*}/real-qm" "$@"`,
      )
      const first = host.request('forensics')
      await vi.waitFor(() => access(host.at('begun')), 30_000)
      expect(await host.request(`forensics ${op}`)).toMatchObject({
        code: 70,
        end: { detail: 'a report is being made: ask again in some seconds' },
      })
      expect((await first).code).toBe(0)
      expect((await host.request(`forensics ${op}`)).code).toBe(0)
    })

  it('tell no command line of QEMU and no free text, which may hold secrets', async ({ host }) => {
    const failed = `start failed: command '/usr/bin/kvm -id 100 -append 'token=hunter2 x' -S' failed: got timeout`
    await mkdir(host.at('tasks'))
    await writeFile(host.at('tasks/active'), `UPID:pve1:1:100: 1 1 ${failed}\n`)
    await substitute(host.at('bin/breakglass-probe'), /^task_folder=.*$/m, `task_folder=${host.at('tasks')}`)
    const secret = 'description: the password is hunter2'
    await host.replaceTool(
      'qm',
      `case $1 in
        config) echo '${secret}' ;;
        pending) echo 'cur ${secret}' && echo 'new ${secret}3' ;;
        status) echo "${failed}" >&2 && exit 255 ;;
      esac`,
    )
    const { stdout } = await host.request('forensics')
    expect(stdout).not.toContain('hunter2')
    expect(stdout).toContain('UPID:pve1:1:100: 1 1 start failed: command kvm … failed: got timeout')
    expect(stdout).toContain('cur description: [redacted]')
    const found = await status(host)
    expect(found.evidence).toContain('qm status failed: start failed: command kvm … failed: got timeout')
    expect(found.pending).toEqual(['description: [redacted] → [redacted]'])
  })

  it('have room for the counters of many disks, and leave out those that never did anything', async ({
    host,
  }) => {
    const disk = (name: string, value: number) => ` 253 0 ${name} ${`${value} `.repeat(17).trim()}\n`
    const names = Array.from({ length: 90 }, (_, index) => `dm-${index}`)
    const counters = names.map((name) => disk(name, 123_456_789)).join('')
    const idle = ` 8 16 sdb 9 0 9 9 9 0 9 9 0 9 9 0 0 0 0 0 0\n`
    await mkdir(host.at('proc'))
    await writeFile(host.at('proc/diskstats'), disk('loop0', 7) + disk('sdz', 0) + idle + counters)
    await host.configure(`proc=${host.at('proc')}`)
    const { stdout } = await host.request('forensics')
    const [, section = ''] = /^== disks [^\n]*\n([^]*?)\n== kernel/m.exec(stdout) ?? []
    expect(section).toMatch(/^dm-89: 123456789 in flight,( 0){16}$/m)
    expect(section).toContain(' 8 16 sdb 9')
    expect(section).not.toMatch(/loop0: 0|253 0 loop0|sdz|sdb:/)
  })

  it('delay an operation by a second at most where the disk that keeps them hangs, and do not have its lock', async ({
    host,
  }) => {
    const hangs = `case "$*" in *${host.at('keep')}*) ;; *) exec /usr/bin/mkdir "$@" ;; esac
      ls -l /proc/$$/fd >'${host.at('open')}'
      # Nothing ends it, as it would be: the one that is asked has a process group of its own.
      exec setsid sh -c 'echo $$ >>"${host.at('processes')}"; exec sleep 600'`
    await host.replaceTool('mkdir', hangs)
    await substitute(host.at('bin/breakglass-vm'), /^PATH=.*$/m, `PATH=${host.dir}:/usr/bin:/bin`)
    const { code, stdout, end } = await host.request(`reset ${op}`)
    expect({ code, outcome: end['outcome'] }).toEqual({ code: 0, outcome: 'done' })
    expect(end).not.toHaveProperty('forensics')
    const [began, ended] = ['forensics', 'reset'].map((name) =>
      Date.parse(new RegExp(`^@phase ${name} (\\S+)$`, 'm').exec(stdout)?.[1] ?? ''),
    )
    // 5 s for the report, one to keep it, one of the clock's own.
    expect(Number(ended) - Number(began)).toBeLessThanOrEqual(7000)
    expect(await readFile(host.at('open'), 'utf8')).not.toMatch(/state\/vm\/lock/)
    expect((await host.request(`stop ${other}`)).code).toBe(0)
  })

  it('are told as not to be had where the disk that keeps them hangs', async ({ host }) => {
    await host.request(`reset ${op}`)
    const [name = ''] = await readdir(host.at('keep'))
    await rm(host.at(`keep/${name}`))
    spawnSync('mkfifo', [host.at(`keep/${name}`)])
    const { code, end } = await host.request(`forensics ${op}`)
    expect({ code, detail: end['detail'] }).toEqual({
      code: 70,
      detail: `the disk that keeps the reports has no answer in time; on the host: ls ${host.at('keep')}`,
    })
  })

  it('hold no operation up that cannot keep them', async ({ host }) => {
    await host.configure('keep=/proc/none')
    const { code, end } = await host.request(`stop ${op}`)
    expect(code).toBe(0)
    expect(end).not.toHaveProperty('forensics')
  })
})
