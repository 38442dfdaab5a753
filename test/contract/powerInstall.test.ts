import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { hostFolder, vmKey, whyNoHypervisorRoot, type HypervisorRoot } from '../fakes/hypervisorRoot.ts'
import { installKit, keysFrom, said, type InstallKit } from '../fakes/installKit.ts'

const reason = whyNoHypervisorRoot()

let kit: InstallKit
let host: HypervisorRoot
beforeAll(async () => {
  if (reason !== undefined) return
  kit = await installKit()
  host = kit.host
})
beforeEach(({ skip }) => skip(reason !== undefined, reason))
afterAll(() => host?.stop())

/** Of the installer's, with owner and mode. */
const parts = [
  '/usr/local/sbin/breakglass-pve root:root 755',
  '/usr/local/sbin/breakglass-vm root:root 755',
  '/usr/local/sbin/breakglass-probe root:root 755',
  '/usr/local/sbin/breakglass-lib root:root 644',
  '/usr/local/sbin/breakglass-status root:root 644',
  '/usr/local/sbin/breakglass-preflight root:root 644',
  '/usr/local/sbin/breakglass-report root:root 644',
  '/etc/breakglass root:root 711',
  '/etc/breakglass/one.conf root:root 600',
  '/etc/sudoers.d/breakglass root:root 440',
  '/etc/ssh/authorized_keys.d root:root 755',
  '/etc/ssh/authorized_keys.d/breakglass root:root 644',
  '/etc/ssh/sshd_config.d/breakglass.conf root:root 644',
]

// In this file the order counts: a host is installed on, changed, checked and left.
describe('the installer', () => {
  let bare: string[]
  let installed: string[]

  it('says in a dry run what it would do, and changes nothing', async () => {
    bare = await kit.files()
    const { code, stdout } = await kit.installOne('--dry-run')
    expect(code).toBe(0)
    for (const part of parts) expect(stdout).toContain(part.split(' ')[0])
    expect(stdout).toContain('make the account breakglass')
    expect(said(stdout, 'created')).toEqual([])
    expect(await kit.files()).toEqual(bare)
  })

  it('installs one VM: the files, the account, and an sshd that has read them', async () => {
    const { code, stdout, stderr } = await kit.installOne()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(await host.ask(`stat -c '%n %U:%G %a' ${parts.map((part) => part.split(' ')[0]).join(' ')}`)).toBe(
      parts.join('\n'),
    )
    expect(
      await host.ask('getent passwd breakglass | cut -d: -f6-; getent shadow breakglass | cut -d: -f2'),
    ).toBe('/etc/breakglass:/bin/sh\n*')
    expect(host.read('/etc/ssh/authorized_keys.d/breakglass')).toBe(
      `restrict,command="/usr/local/sbin/breakglass-pve /etc/breakglass/one.conf",from="${keysFrom}" ${kit.one.line} breakglass:one\n`,
    )
    expect(stdout).toContain('reloaded   sshd')
    await expect
      .poll(() => host.journal().filter((line) => line.includes('Received SIGHUP')), { timeout: 20_000 })
      .toHaveLength(1)
  })

  it('leaves no script of the folder out', async () => {
    expect(await host.ask('ls /usr/local/sbin')).toBe(
      await host.ask('cd /root/breakglass; ls | grep ^breakglass-'),
    )
  })

  it('is copied by the command that README.md gives, the first time and over an older one', async () => {
    const readme = readFileSync(join(hostFolder, 'README.md'), 'utf8')
    const command = /^tar .*$/m.exec(readme)?.[0] ?? expect.unreachable()
    const { file, line } = vmKey(host, 'administrator')
    host.write('/root/.ssh/authorized_keys', `${line}\n`, 0o600)
    // The host has a name and a port that only this test knows.
    const options = `-F none -o BatchMode=yes -o StrictHostKeyChecking=yes -o HostName=127.0.0.1 -o HostKeyAlias=host`
    const known = join(host.folder, 'known_hosts')
    writeFileSync(known, host.knownHosts.replace(/^\S+/, 'host'))
    const ssh = `#!/bin/sh\nexec /usr/bin/ssh ${options} -o UserKnownHostsFile=${known} -i ${file} -p ${host.port} "$@"\n`
    writeFileSync(join(host.folder, 'ssh'), ssh, { mode: 0o755 })
    const env = { ...process.env, PATH: `${host.folder}:${process.env['PATH']}` }
    const there = 'cd /root/breakglass && stat -c "%n %U" * && cat *'
    const copied = await host.ask(there)
    for (const before of [
      'rm -r /root/breakglass',
      'mkdir -p /root/breakglass/host; echo >/root/breakglass/old',
    ]) {
      await host.ask(before)
      execFileSync('sh', ['-c', command], { cwd: resolve(hostFolder, '../../..'), env })
      expect(await host.ask(there)).toBe(copied)
    }
    await host.ask('rm -rf /root/.ssh /run/motd.dynamic*; chmod 755 /root/breakglass/*')
  })

  it('prints the configuration to paste, with the host keys that this sshd has', async () => {
    const { stdout } = await kit.installOne()
    const { parse } = await import('yaml')
    const { hypervisors, vms } = parse(stdout.slice(stdout.indexOf('hypervisors:')))
    expect(vms).toEqual({ one: { hypervisor: 'pve1', key_file: 'keys/one' } })
    expect(hypervisors.pve1).toMatchObject({ port: host.port, user: 'breakglass' })
    const keys = await host.ask("cut -d' ' -f1,2 /etc/ssh/ssh_host_*_key.pub")
    expect(hypervisors.pve1.host_keys.toSorted()).toEqual(keys.split('\n').toSorted())
    expect(hypervisors.pve1.host_keys).toHaveLength(2)
  })

  it('run again changes nothing, byte for byte, and says so of each part', async () => {
    host.write('/etc/breakglass/one.conf', `${host.read('/etc/breakglass/one.conf')}tools=/srv/pve\n`, 0o600)
    installed = await kit.files()
    const reloads = host.journal().filter((line) => line.includes('SIGHUP')).length
    const { code, stdout } = await kit.installOne()
    expect(code).toBe(0)
    expect(said(stdout, 'unchanged')).toHaveLength(parts.length + 1)
    expect(stdout).toContain('Nothing had to be changed.')
    expect(await kit.files()).toEqual(installed)
    expect(host.journal().filter((line) => line.includes('SIGHUP'))).toHaveLength(reloads)
  })

  it('gives a second VM a key of its own', async () => {
    expect((await kit.installTwo()).code).toBe(0)
    host.write('/etc/breakglass/two.conf', `${host.read('/etc/breakglass/two.conf')}tools=/srv/pve\n`, 0o600)
    const lines = (host.read('/etc/ssh/authorized_keys.d/breakglass') ?? '').trim().split('\n')
    expect(lines.map((line) => line.split(' ').at(-1))).toEqual(['breakglass:one', 'breakglass:two'])
    expect(lines[1]).toContain(`${kit.two.line} `)
    expect((await kit.installOne()).stdout).toContain('Nothing had to be changed.')
  })

  it('leaves the comment of a key out, whatever stands in it', async () => {
    const { code, stdout } = await host.install(
      ...['--vm', 'one', '--vmid', '101', '--key', `${kit.one.line} me" pty command="x`, '--from', keysFrom],
    )
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining('Nothing had to be changed.'),
    })
  })

  it('changes the key of a VM and the addresses, and leaves the other VM alone', async () => {
    const before = await kit.files()
    const next = vmKey(host, 'next')
    const { code } = await host.install(
      ...['--vm', 'one', '--vmid', '101', '--key', `${next.file}.pub`, '--from', '10.0.0.0/24,fd00::/64'],
      ...['--expiry', '20991231'],
    )
    // The file is not on the host: the key lies outside of it.
    expect(code).toBe(64)
    host.write('/root/next.pub', `${next.line} a comment of somebody\n`)
    const again = await host.install(
      ...['--vm', 'one', '--vmid', '101', '--key', '/root/next.pub', '--from', '10.0.0.0/24,fd00::/64'],
      ...['--expiry', '20991231'],
    )
    expect({ code: again.code, changed: said(again.stdout, 'changed') }).toEqual({
      code: 0,
      changed: [expect.stringContaining('authorized_keys.d/breakglass')],
    })
    const lines = (host.read('/etc/ssh/authorized_keys.d/breakglass') ?? '').trim().split('\n')
    expect(lines).toHaveLength(2)
    expect(lines).toContain(
      `restrict,command="/usr/local/sbin/breakglass-pve /etc/breakglass/one.conf",from="10.0.0.0/24,fd00::/64",expiry-time="20991231" ${next.line} breakglass:one`,
    )
    expect((await host.install('--check')).code).toBe(0)
    expect((await kit.installOne()).code).toBe(0)
    await host.ask('rm /root/next.pub')
    expect(await kit.files()).toEqual(before)
  })

  it('--check finds all in order', async () => {
    const { code, stdout, stderr } = await host.install('--check')
    expect({ code, stderr, wrong: said(stdout, 'WRONG') }).toEqual({ code: 0, stderr: '', wrong: [] })
    expect(said(stdout, 'ok').length).toBeGreaterThan(20)
  })

  it('says what keeps a mistake from locking the service out, where sshd knows such a thing', async () => {
    const knows = (await host.ask('sshd -T')).includes('persourcepenalties')
    expect((await kit.installOne()).stdout.includes('PerSourcePenaltyExemptList')).toBe(knows)
    const newer =
      '#!/bin/sh\n/tmp/real "$@" || exit\ncase "$*" in *-T*) printf "persourcepenalties crash:90\\npersourcepenaltyexemptlist none\\n";; esac\n'
    const { stdout } = await kit.withProgram('/usr/sbin/sshd', newer, () => kit.installOne())
    expect(stdout).toContain(`PerSourcePenaltyExemptList ${keysFrom}`)
  })

  it('leaves what holds for other accounts as it was', async () => {
    const says = (user: string) =>
      host.ask(`sshd -T -C user=${user},host=localhost,addr=10.0.0.1,laddr=127.0.0.1,lport=22`)
    const withIt = await says('root')
    expect(withIt).not.toBe(await says('breakglass'))
    await host.ask('mv /etc/ssh/sshd_config.d/breakglass.conf /tmp/')
    expect(await says('root')).toBe(withIt)
    expect(await says('breakglass')).toBe(withIt)
    await host.ask('mv /tmp/breakglass.conf /etc/ssh/sshd_config.d/')
  })

  it('puts the files under another root, and nothing here', async () => {
    const before = await kit.files()
    await host.ask('mkdir /tmp/image')
    const five = ['--vm', 'five', '--vmid', '105', '--key', vmKey(host, 'five').line]
    const { code } = await host.install(...five, '--from', keysFrom, '--root', '/tmp/image')
    expect(code).toBe(0)
    expect(await host.ask('cd /tmp/image; find . -type f | sort')).toBe(
      [
        './etc/breakglass/five.conf',
        './etc/ssh/authorized_keys.d/breakglass',
        './etc/ssh/sshd_config.d/breakglass.conf',
        './etc/sudoers.d/breakglass',
        './usr/local/sbin/breakglass-lib',
        './usr/local/sbin/breakglass-preflight',
        './usr/local/sbin/breakglass-probe',
        './usr/local/sbin/breakglass-pve',
        './usr/local/sbin/breakglass-report',
        './usr/local/sbin/breakglass-status',
        './usr/local/sbin/breakglass-vm',
      ].join('\n'),
    )
    await host.ask('rm -r /tmp/image')
    expect(await kit.files()).toEqual(before)
  })

  it('leaves what others keep in the same folders, when it removes all', async () => {
    const theirs = ['/etc/breakglass/keys/devvm', '/etc/breakglass/other.conf', '/var/lib/breakglass/log']
    for (const file of theirs) host.write(file, 'ours\n', 0o600)
    await host.ask('mkdir -p /var/lib/breakglass/one; chmod 755 /etc/breakglass')
    const before = await kit.files()
    expect((await kit.installOne()).stdout).toContain('Nothing had to be changed.')
    expect(await kit.files()).toEqual(before)
    const { code, stdout } = await host.install('--uninstall')
    expect({ code, notes: said(stdout, 'note') }).toEqual({
      code: 0,
      notes: [
        expect.stringContaining('/etc/breakglass stays'),
        expect.stringContaining('/var/lib/breakglass stays'),
      ],
    })
    expect(await host.ask('find /etc/breakglass /var/lib/breakglass -type f | sort')).toBe(theirs.join('\n'))
    await host.ask('rm -r /etc/breakglass /var/lib/breakglass')
    expect(await kit.files()).toEqual(bare)
    expect((await kit.installOne()).code).toBe(0)
    expect((await kit.installTwo()).code).toBe(0)
  })

  it('removes one VM, and then all of it, without a trace', async () => {
    await host.ask(
      'mkdir -p /run/breakglass/one /run/breakglass/two /var/lib/breakglass/one; touch /run/breakglass/one/op',
    )
    const installedNow = await kit.files()
    expect((await host.install('--uninstall', '--dry-run')).code).toBe(0)
    expect(await kit.files()).toEqual(installedNow)
    expect((await host.install('--uninstall', '--vm', 'one')).code).toBe(0)
    expect(host.read('/etc/ssh/authorized_keys.d/breakglass')).toMatch(/^restrict.* breakglass:two\n$/)
    expect(await host.ask('ls -d /etc/breakglass/* /run/breakglass/*')).toBe(
      '/etc/breakglass/two.conf\n/run/breakglass/two',
    )
    expect((await host.install('--uninstall')).code).toBe(0)
    expect(await kit.files()).toEqual(bare)
    const again = await host.install('--uninstall')
    expect({ code: again.code, stdout: again.stdout }).toEqual({
      code: 0,
      stdout: 'There was nothing to remove.\n',
    })
  })

  it('removes nothing of a VM on which an operation runs', async () => {
    expect((await kit.installOne()).code).toBe(0)
    await host.ask(
      'mkdir -p /run/breakglass/one; flock -n /run/breakglass/one/lock setsid -f sleep 3600 </dev/null >/dev/null 2>&1',
    )
    const before = await kit.files()
    const run = await host.install('--uninstall')
    expect({ code: run.code, stderr: run.stderr }).toEqual({
      code: 64,
      stderr: expect.stringContaining('an operation runs on one'),
    })
    expect(await kit.files()).toEqual(before)
  })
})
