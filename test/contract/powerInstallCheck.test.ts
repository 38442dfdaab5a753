import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { vmKey, whyNoHypervisorRoot, type HypervisorRoot } from '../fakes/hypervisorRoot.ts'
import { installKit, keysFrom, said, type InstallKit } from '../fakes/installKit.ts'

const reason = whyNoHypervisorRoot()

let kit: InstallKit
let host: HypervisorRoot
beforeAll(async () => {
  if (reason !== undefined) return
  kit = await installKit()
  host = kit.host
  await kit.installBoth()
})
beforeEach(({ skip }) => skip(reason !== undefined, reason))
afterAll(() => host?.stop())

// In this file the order counts: what was damaged is given back before the next damage.
describe('on a host that it is installed on', () => {
  it.each([
    ['a script that was changed', 'echo >>/usr/local/sbin/breakglass-vm', '/usr/local/sbin/breakglass-vm'],
    ['a script that others may write', 'chmod 775 /usr/local/sbin/breakglass-pve', 'breakglass-pve'],
    ['a folder that others may write', 'chmod 777 /usr/local/sbin', '/usr/local/sbin:'],
    ['a folder of its own that others may write', 'chmod 777 /etc/breakglass', 'chmod go-w /etc/breakglass'],
    ['an sshd that was not told', 'touch /run/breakglass-sshd', 'was not told'],
    ['a configuration that others may read', 'chmod 644 /etc/breakglass/one.conf', 'one.conf'],
    ['a configuration that is not root’s', 'chown breakglass /etc/breakglass/two.conf', 'two.conf'],
    ['a configuration without a VM', 'sed -i s/vmid/id/ /etc/breakglass/one.conf', 'names no VM'],
    ['no qm', 'rm /srv/pve/qm', '/srv/pve/qm'],
    [
      'another right in sudo',
      'echo "breakglass ALL=(root) NOPASSWD: /bin/true" >/etc/sudoers.d/zz',
      'sudo -l',
    ],
    ['a group that may all in sudo', 'echo "%breakglass ALL=(ALL) ALL" >>/etc/sudoers', 'sudo -l'],
    ['a file of sudo that does not validate', 'echo nonsense >/etc/sudoers.d/zz', 'visudo'],
    ['a group of its account', 'usermod -aG adm breakglass', 'other groups'],
    ['a password of its account', 'usermod -p abc breakglass', 'password'],
    ['another shell', 'usermod -s /usr/sbin/nologin breakglass', 'the account'],
    ['a forced command for all', 'echo "ForceCommand /bin/date" >>/etc/ssh/sshd_config', 'forcecommand'],
    [
      'an earlier block',
      'printf "Match User *\\nPermitTTY yes\\n" >/etc/ssh/sshd_config.d/a.conf',
      'permittty',
    ],
    ['a list of accounts without it', 'echo "AllowUsers root" >>/etc/ssh/sshd_config', 'allowusers'],
    [
      'a list of groups without its own',
      'echo "AllowGroups root breakglass?" >>/etc/ssh/sshd_config',
      'allowgroups',
    ],
    [
      'a list of accounts that are refused',
      'echo "DenyUsers root break*@*" >>/etc/ssh/sshd_config',
      'denyusers',
    ],
    ['an sshd_config that is broken', 'echo Nonsense >>/etc/ssh/sshd_config', 'sshd -t'],
    [
      'a key that was added by hand',
      'echo "ssh-ed25519 AAAA x" >>/etc/ssh/authorized_keys.d/breakglass',
      'not of this',
    ],
    [
      'options that were taken away',
      'sed -i s/restrict,// /etc/ssh/authorized_keys.d/breakglass',
      'not of this',
    ],
    ['one VM’s key twice', 'sed -i p /etc/ssh/authorized_keys.d/breakglass', 'there are 2'],
    [
      'a key that has ended',
      `sed -i '1s/" ssh/",expiry-time="20200101" ssh/' /etc/ssh/authorized_keys.d/breakglass`,
      'has ended',
    ],
    ['a host name that only the DNS knows', 'sed -i /pve1/d /etc/hosts', '/etc/hosts'],
  ])('--check finds %s', async (_, damage, wrong) => {
    await host.ask('rm -rf /saved; mkdir /saved; cp -a /etc /usr/local /srv /saved/')
    try {
      await host.ask(damage)
      const { code, stdout } = await host.install('--check')
      expect({ code, wrong: said(stdout, 'WRONG').join('\n') }).toMatchObject({
        code: 1,
        wrong: expect.stringContaining(wrong),
      })
    } finally {
      await host.ask(
        'for d in etc usr/local srv; do find /$d -mindepth 1 -delete; cp -a /saved/$d/. /$d/ 2>/dev/null || cp -a /saved/${d##*/}/. /$d/; done; chmod 755 /usr/local/sbin; rm -rf /saved /run/breakglass-sshd; chmod 711 /etc/breakglass',
      )
    }
  })

  it('--check finds all in order again', async () => {
    expect((await host.install('--check')).code).toBe(0)
  })

  it('mends what it finds changed', async () => {
    await host.ask(
      'echo >>/usr/local/sbin/breakglass-vm; chmod 600 /etc/ssh/sshd_config.d/breakglass.conf; usermod -s /bin/bash breakglass',
    )
    const { code, stdout } = await kit.installOne()
    expect(code).toBe(0)
    expect(said(stdout, 'changed')).toHaveLength(3)
    expect((await host.install('--check')).code).toBe(0)
  })
})

describe('with rules of sshd for who may sign in', () => {
  it.each([
    ['its name', 'AllowUsers root breakglass', null],
    ['its name from everywhere', 'AllowUsers root breakglass@*', null],
    ['a pattern', 'AllowUsers root b*s', null],
    ['a pattern of groups', 'AllowGroups root break*', null],
    [
      'its name from some addresses',
      'AllowUsers root breakglass@127.0.0.1',
      'allowusers breakglass@127.0.0.1',
    ],
    ['others alone refused', 'DenyUsers nobody breakglass2', null],
    ['refused from some addresses', 'DenyUsers *@10.1.*', 'denyusers *@10.1.*'],
  ])('it is content with %s, and says what it cannot see', async (_, line, note) => {
    const was = host.read('/etc/ssh/sshd_config') ?? ''
    host.write('/etc/ssh/sshd_config', `${was}${line}\n`)
    for (const run of [await kit.installOne(), await host.install('--check')]) {
      expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' })
      const notes = said(run.stdout, 'note').filter((text) => text.includes('see that it lets'))
      expect(notes).toEqual(note === null ? [] : [expect.stringContaining(`sshd has ${note}: `)])
    }
    host.write('/etc/ssh/sshd_config', was)
  })
})

describe('when nobody reads what it says', () => {
  const installQuietly = (to: string) =>
    host.ask(
      `{ sh /root/breakglass/install.sh --vm one --vmid 101 --key '${kit.one.line}' --from ${keysFrom} 2>&1; echo $? >/tmp/code; } ${to}; cat /tmp/code; rm /tmp/code`,
    )

  it.each(['| true', '| head -n 1 >/dev/null', '>/dev/full'])('it installs all the same: %s', async (to) => {
    expect((await host.install('--uninstall')).code).toBe(0)
    expect(await installQuietly(to)).toBe('0')
    await host.sshdReloaded()
    expect((await kit.installOne()).stdout).toContain('Nothing had to be changed.')
    await host.ask('echo tools=/srv/pve >>/etc/breakglass/one.conf')
    expect((await host.install('--check')).code).toBe(0)
  })

  it.each(['| true', '>/dev/full'])('it puts all back when it fails: %s', async (to) => {
    expect((await host.install('--uninstall')).code).toBe(0)
    const before = await kit.files()
    const failing = '#!/bin/sh\ncase "$*" in *-f*) exit 1;; esac\nexec /tmp/real "$@"\n'
    expect(await kit.withProgram('/usr/sbin/visudo', failing, () => installQuietly(to))).toBe('1')
    expect(await kit.files()).toEqual(before)
    await kit.installBoth()
  })
})

it('tells sshd what an earlier run, which was killed, put there', async () => {
  expect((await host.install('--uninstall')).code).toBe(0)
  const killing =
    '#!/bin/sh\nif [ -e /etc/ssh/sshd_config.d/breakglass.conf ]; then kill -KILL $PPID; fi\nexec /tmp/real "$@"\n'
  const killed = await kit.withProgram('/usr/sbin/sshd', killing, () => kit.installOne())
  expect(killed.code).not.toBe(0)
  expect(killed.stdout).not.toContain('reloaded')
  expect(said((await host.install('--check')).stdout, 'WRONG').join()).toContain('was not told')
  const { code, stdout } = await kit.installOne()
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('reloaded   sshd') })
  expect((await kit.installOne()).stdout).not.toContain('reloaded')
  await kit.installBoth()
  expect((await host.install('--check')).code).toBe(0)
})

describe('puts back all of a run when', () => {
  it.each([
    [
      'sshd does not take the new configuration',
      '/usr/sbin/sshd',
      '#!/bin/sh\ncase "$*" in *-t*) if grep -q breakglass:three /etc/ssh/authorized_keys.d/*; then echo "Bad configuration option: X" >&2; exit 255; fi;; esac\nexec /tmp/real "$@"\n',
      'sshd does not take',
    ],
    [
      'sshd would not do as the configuration says',
      '/usr/sbin/sshd',
      '#!/bin/sh\ncase "$*" in *-T*) /tmp/real "$@" | sed "s/^permittty.*/permittty yes/"; exit;; esac\nexec /tmp/real "$@"\n',
      'permittty is yes',
    ],
    [
      'sudo does not take the file',
      '/usr/sbin/visudo',
      '#!/bin/sh\ncase "$*" in *-f*) echo "syntax error" >&2; exit 1;; esac\nexec /tmp/real "$@"\n',
      'sudo does not take the file',
    ],
    [
      'sudo does not take the file among the others',
      '/usr/sbin/visudo',
      '#!/bin/sh\nif [ "$*" = -c ] && [ -e /etc/breakglass/three.conf ]; then echo "syntax error"; exit 1; fi\nexec /tmp/real "$@"\n',
      'sudo does not take /etc/sudoers.d',
    ],
  ])('%s', async (_, program, script, wrong) => {
    const three = vmKey(host, `three-${String(Math.random())}`)
    // The second run is on a host that has none of it yet.
    for (const fresh of [false, true]) {
      if (fresh) expect((await host.install('--uninstall')).code).toBe(0)
      else await host.ask("usermod --shell /bin/bash --password 'x' --home /root breakglass")
      const before = await kit.files()
      const { code, stdout, stderr } = await kit.withProgram(program, script, () =>
        host.install('--vm', 'three', '--vmid', '103', '--key', three.line, '--from', keysFrom),
      )
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(wrong) })
      expect(said(stdout, 'put back').length).toBeGreaterThan(0)
      expect(stdout).not.toContain('reloaded')
      expect(await kit.files()).toEqual(before)
    }
    await kit.installBoth()
    expect((await host.install('--check')).code).toBe(0)
  })

  it('it is stopped in the middle', async () => {
    expect((await host.install('--uninstall')).code).toBe(0)
    const before = await kit.files()
    const stopping =
      '#!/bin/sh\nif [ -e /usr/local/sbin/breakglass-vm ]; then kill -TERM $PPID; fi\nexec /tmp/real "$@"\n'
    const { code, stdout } = await kit.withProgram('/usr/sbin/visudo', stopping, () => kit.installOne())
    expect({ code, back: said(stdout, 'put back').length > 3 }).toEqual({ code: 1, back: true })
    expect(await kit.files()).toEqual(before)
    await kit.installBoth()
  })
})
