import { writeFileSync, readFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { configSchema } from '#app/schema/config.ts'
import { operatorOf, type Operator } from '../fakes/enrolFleetHosts.ts'
import { fleetRoots, whyNoFleetRoot, type FleetRoot } from '../fakes/fleetRoot.ts'
import { makeKey } from '../fakes/sshd.ts'

const reason = whyNoFleetRoot()

let hosts: FleetRoot[]
let operator: Operator
const host = (n: number): FleetRoot => hosts[n - 1] ?? expect.unreachable()
beforeAll(async () => {
  if (reason !== undefined) return
  hosts = await fleetRoots(6, 86)
  operator = operatorOf(hosts, host(1).root.folder, ['gpu5'])
}, 60_000)
beforeEach(({ skip }) => skip(reason !== undefined, reason))
afterAll(() => Promise.all((hosts ?? []).map((one) => one.stop())))

/** The line of each host, by its name: `[word, text]`. */
const lines = (stdout: string): Record<string, [string, string]> =>
  Object.fromEntries(
    [...stdout.matchAll(/^(\S+) {2,}(\S+(?: order)?) {2,}(.*)$/gm)].map(([, name, word, text]) => [
      name,
      [word, text],
    ]),
  )
const fleetOf = (stdout: string) => configSchema.parse(parse(stdout.slice(stdout.indexOf('\nfleet:')))).fleet
/** All files but the copies that useradd makes, and what a login leaves. */
const files = async (one: FleetRoot) => {
  const all = await one.root.snapshot()
  expect(all.length).toBeGreaterThan(200)
  return all.filter(
    (line) =>
      !/ ?\/etc\/(passwd|shadow|group|gshadow|subuid|subgid)-( |$)/.test(line) &&
      !/(^| )\/(var\/log|run\/motd|run\/sudo|var\/lib\/sudo|run\/breakglass-probe|root\/\.)/.test(line),
  )
}

// In this describe the order counts: hosts are enrolled, checked, damaged and left.
describe('enrol.sh', () => {
  let bare: string[]
  let enrolled: string[]

  it('says in a dry run what it would do, and does nothing', async () => {
    bare = await files(host(1))
    const { code, stdout } = await operator.enrol('--dry-run', 'gpu1', 'gpu2')
    expect(code).toBe(0)
    expect(lines(stdout)).toEqual({
      gpu1: ['would', expect.stringMatching(/^account breakglass, .*probe .*key .*sudoers/)],
      gpu2: ['would', expect.stringContaining('account breakglass')],
    })
    expect(existsSync(operator.keyFile)).toBe(false)
    expect(await files(host(1))).toEqual(bare)
  })

  it('enrols hosts side by side: a key that it makes, an account, the probe and its rights', async () => {
    const { code, stdout } = await operator.enrol('gpu1', 'gpu2')
    expect(code).toBe(0)
    const words = "account, folder, probe, folder, key, sudoers; sees everyone's tmux sessions"
    expect(lines(stdout)).toEqual({ gpu1: ['enrolled', words], gpu2: ['enrolled', words] })
    const modes = await host(1).root.ask(
      "cd /usr/local/lib/breakglass; stat -c '%n %U:%G %a' . breakglass-probe breakglass breakglass/.ssh breakglass/.ssh/authorized_keys /etc/sudoers.d/breakglass-fleet",
    )
    expect(modes.split('\n')).toEqual([
      '. root:root 755',
      'breakglass-probe root:root 755',
      'breakglass root:root 755',
      'breakglass/.ssh root:root 755',
      'breakglass/.ssh/authorized_keys root:root 644',
      '/etc/sudoers.d/breakglass-fleet root:root 440',
    ])
    const key = readFileSync(`${operator.keyFile}.pub`, 'utf8').split(' ').slice(0, 2).join(' ')
    expect(host(1).root.read('/usr/local/lib/breakglass/breakglass/.ssh/authorized_keys')).toBe(
      `restrict,command="/usr/local/lib/breakglass/breakglass-probe" ${key} breakglass-fleet\n`,
    )
    expect(await host(1).root.ask('getent shadow breakglass | cut -d: -f2; visudo -c >/dev/null')).toBe('*')
  })

  it('prints the configuration to paste, with the host keys that these hosts have', async () => {
    const { stdout } = await operator.enrol('gpu1', 'gpu2')
    const fleet = fleetOf(stdout)
    expect(fleet?.key_file).toBe(operator.keyFile)
    expect(Object.keys(fleet?.hosts ?? {})).toEqual(['gpu1', 'gpu2'])
    for (const one of [host(1), host(2)]) {
      const told = fleet?.hosts[one.name]
      expect(told).toMatchObject({ host: one.address, port: one.port, user: 'breakglass' })
      expect(told?.host_keys.toSorted()).toEqual(one.hostKeys.toSorted())
    }
  })

  it('run again changes nothing, byte for byte', async () => {
    enrolled = await files(host(1))
    const { code, stdout } = await operator.enrol('gpu1')
    expect(code).toBe(0)
    expect(lines(stdout)).toEqual({ gpu1: ['unchanged', "sees everyone's tmux sessions"] })
    expect(await files(host(1))).toEqual(enrolled)
  })

  it.each([
    ['another probe', 'echo "# x" >>/usr/local/lib/breakglass/breakglass-probe', 'probe'],
    ['a probe that others may write', 'chmod 757 /usr/local/lib/breakglass/breakglass-probe', 'probe'],
    [
      'a probe that is a link',
      'cd /usr/local/lib/breakglass; mv breakglass-probe /root/x; ln -s /root/x breakglass-probe',
      'probe',
    ],
    ['no probe', 'rm /usr/local/lib/breakglass/breakglass-probe', 'probe'],
    ['a probe of somebody else’s', 'chown breakglass /usr/local/lib/breakglass/breakglass-probe', 'probe'],
    ['a folder that others may write to', 'chmod 777 /usr/local/lib/breakglass', 'folder'],
    ['a home of its own', 'chown breakglass /usr/local/lib/breakglass/breakglass', 'folder'],
    ['another key beside it', 'echo x >>/usr/local/lib/breakglass/breakglass/.ssh/authorized_keys', 'key'],
    [
      'a key without its command',
      'sed -i "s/.*command=[^ ]* //" /usr/local/lib/breakglass/breakglass/.ssh/authorized_keys',
      'key',
    ],
    ['more rights', 'echo "breakglass ALL=(ALL) NOPASSWD: ALL" >>/etc/sudoers.d/breakglass-fleet', 'sudoers'],
    ['no rights', 'rm /etc/sudoers.d/breakglass-fleet', 'sudoers'],
    ['rights that all may read', 'chmod 444 /etc/sudoers.d/breakglass-fleet', 'sudoers'],
    ['a password', 'usermod -p x breakglass', 'password'],
    ['no account', 'userdel breakglass; ! getent group breakglass || groupdel breakglass', 'account'],
  ])('--check finds %s, changes nothing, and enrolling mends it', async (_, damage, word) => {
    await host(1).root.ask(damage)
    const before = await files(host(1))
    const { code, stdout } = await operator.enrol('--check', 'gpu1')
    expect({ code, told: lines(stdout) }).toEqual({
      code: 1,
      told: { gpu1: ['wrong', expect.stringContaining(word)] },
    })
    expect(await files(host(1))).toEqual(before)
    expect(lines((await operator.enrol('gpu1')).stdout)).toMatchObject({
      gpu1: ['enrolled', expect.anything()],
    })
  })

  it('--check finds nothing on hosts that are in order', async () => {
    const { code, stdout } = await operator.enrol('--check', 'gpu1', 'gpu2')
    const words = ['in order', "sees everyone's tmux sessions"]
    expect({ code, told: lines(stdout) }).toEqual({ code: 0, told: { gpu1: words, gpu2: words } })
  })

  it('--remove leaves nothing, and has nothing to do the second time', async () => {
    await host(1).root.ask('rm -rf /root/x')
    const { code, stdout } = await operator.enrol('--remove', 'gpu1')
    expect({ code, told: lines(stdout) }).toEqual({
      code: 0,
      told: { gpu1: ['removed', 'key, sudoers, probe, account, folder'] },
    })
    expect(await files(host(1))).toEqual(bare)
    expect(lines((await operator.enrol('--remove', 'gpu1')).stdout)).toEqual({
      gpu1: ['nothing', 'there is nothing of it'],
    })
  })

  it('does the others when some refuse, and says of each why', async () => {
    // Signs nobody in but root.
    host(3).root.write(
      '/etc/ssh/sshd_config',
      `${host(3).root.read('/etc/ssh/sshd_config')}AllowUsers root\n`,
    )
    await host(3).root.ask('kill -HUP "$(cat /run/sshd.pid)"')
    await host(3).root.sshdReloaded()
    // Has an account of that name, for the power path.
    await host(4).root.ask("useradd -c 'Breakglass power verbs' breakglass")
    // Has been set up anew: its host key is another one.
    const known = join(host(1).root.folder, 'known_hosts')
    writeFileSync(
      known,
      readFileSync(known, 'utf8').replace(host(6).hostKeys[0] ?? '', host(1).hostKeys[0] ?? ''),
    )
    const { code, stdout } = await operator.enrol('gpu1', 'gpu3', 'gpu4', 'gpu5', 'gpu6', 'nowhere.invalid')
    expect(code).toBe(1)
    expect(lines(stdout)).toEqual({
      gpu1: ['enrolled', expect.any(String)],
      gpu3: ['failed', expect.stringMatching(/the key does not work yet: .*Permission denied.*AllowUsers/)],
      gpu4: ['refused', expect.stringMatching(/that of the power path.*--user breakglass-fleet/)],
      gpu5: ['failed', expect.stringMatching(/^its host key is not known here: sign in once by hand/)],
      gpu6: ['failed', expect.stringMatching(/^its host key is another than the one known here/)],
      'nowhere.invalid': ['failed', expect.stringMatching(/Could not resolve|Name or service/)],
    })
    expect(Object.keys(fleetOf(stdout)?.hosts ?? {})).toEqual(['gpu1'])
    expect(await host(5).root.ask('ls -A /usr/local/lib')).toBe('')
    expect(await host(6).root.ask('ls -A /usr/local/lib')).toBe('')
  })

  it('takes another account where the power path has that name', async () => {
    const { code, stdout } = await operator.enrol('--user', 'breakglass-fleet', 'gpu4')
    expect({ code, fleet: fleetOf(stdout)?.hosts }).toMatchObject({
      code: 0,
      fleet: { gpu4: { user: 'breakglass-fleet' } },
    })
    expect((await operator.enrol('--user', 'breakglass-fleet', '--remove', 'gpu4')).code).toBe(0)
    expect(await host(4).root.ask('getent passwd breakglass | cut -d: -f5')).toBe('Breakglass power verbs')
  })

  it('leaves the rights of another account alone, and says which it is', async () => {
    const before = await files(host(1))
    for (const action of [['--remove'], ['--check'], []])
      expect(lines((await operator.enrol('--user', 'typo', ...action, 'gpu1')).stdout)).toEqual({
        gpu1: ['refused', expect.stringMatching(/^this host is enrolled with the account breakglass: /)],
      })
    expect(lines((await operator.enrol('--user', 'breakglass-probe', 'gpu4')).stdout)['gpu4']?.[0]).toBe(
      'refused',
    )
    expect(await files(host(1))).toEqual(before)
  })

  it('never writes to a file of keys that others have, too', async () => {
    const config = host(4).root.read('/etc/ssh/sshd_config') ?? ''
    const use = async (place: string) => {
      host(4).root.write('/etc/ssh/sshd_config', `AuthorizedKeysFile ${place}\n${config}`)
      await host(4).root.ask('kill -HUP "$(cat /run/sshd.pid)"')
      await host(4).root.sshdReloaded()
    }
    const admins = host(4).root.read('/root/.ssh/authorized_keys') ?? ''
    host(4).root.write('/etc/ssh/keys/all', admins, 0o644)
    await use('/etc/ssh/keys/all')
    const user = ['--user', 'breakglass-fleet']
    for (const action of [[], ['--check']])
      expect(lines((await operator.enrol(...user, ...action, 'gpu4')).stdout)['gpu4']).toEqual([
        'refused',
        expect.stringMatching(/^its sshd has one file of keys for all accounts/),
      ])
    await operator.enrol(...user, '--remove', 'gpu4')
    expect(host(4).root.read('/etc/ssh/keys/all')).toBe(admins)
    // The one that is the account's own is taken, unless it has keys of somebody else.
    await use('/etc/ssh/keys/all /etc/ssh/keys/%u')
    host(4).root.write('/etc/ssh/keys/breakglass-fleet', admins, 0o644)
    expect(lines((await operator.enrol(...user, 'gpu4')).stdout)['gpu4']?.[1]).toMatch(
      /has keys that are not ours/,
    )
    await operator.enrol(...user, '--remove', 'gpu4')
    expect(host(4).root.read('/etc/ssh/keys/breakglass-fleet')).toBe(admins)
    await host(4).root.ask('rm /etc/ssh/keys/breakglass-fleet')
    expect(lines((await operator.enrol(...user, 'gpu4')).stdout)['gpu4']?.[0]).toBe('enrolled')
    expect((await operator.enrol(...user, '--remove', 'gpu4')).code).toBe(0)
    expect(await host(4).root.ask('ls /etc/ssh/keys')).toBe('all')
  })

  it('gives the rights also to a sudo that knows no more than those', async () => {
    const visudo =
      '#!/bin/sh\nfor file; do :; done; ! grep -q "^Defaults" "$file" || { echo "unknown setting"; exit 1; }\n'
    host(4).root.write('/usr/local/bin/visudo', visudo, 0o755)
    await host(4).root.ask('mount --bind /usr/local/bin/visudo /usr/sbin/visudo')
    const { stdout } = await operator.enrol('--user', 'breakglass-fleet', 'gpu4')
    expect(lines(stdout)['gpu4']?.[0]).toBe('enrolled')
    expect(host(4).root.read('/etc/sudoers.d/breakglass-fleet')).not.toContain('Defaults')
    await host(4).root.ask('umount /usr/sbin/visudo')
    expect((await operator.enrol('--user', 'breakglass-fleet', '--remove', 'gpu4')).code).toBe(0)
  })

  it('says what a host without sudo means', async () => {
    await host(2).root.ask('mount --bind /dev/null /usr/bin/sudo')
    const { code, stdout } = await operator.enrol('gpu2')
    expect(code).toBe(0)
    expect(lines(stdout)['gpu2']?.[1]).toContain(
      "no sudo there, so it sees no tmux sessions but its own account's",
    )
    expect(host(2).root.read('/etc/sudoers.d/breakglass-fleet')).toBeNull()
    await host(2).root.ask('umount /usr/bin/sudo')
  })

  it('is installed by somebody whom sudo makes root, but not by one whom it asks for a password', async () => {
    await host(2).addUser('carl')
    await host(2).root.ask('cp -a /root/.ssh /home/carl/.ssh; chown -R carl /home/carl/.ssh')
    const asked = await operator.enrol('--login', 'carl@', 'gpu2')
    expect(asked.code).toBe(1)
    expect(lines(asked.stdout)['gpu2']).toEqual([
      'failed',
      expect.stringMatching(/^sudo asks for a password there: run this in a terminal/),
    ])
    host(2).root.write('/etc/sudoers.d/carl', 'carl ALL=(ALL) NOPASSWD: ALL\n', 0o440)
    const { code, stdout } = await operator.enrol('--login', 'carl', 'gpu2')
    expect({ code, word: lines(stdout)['gpu2']?.[0] }).toEqual({ code: 0, word: 'enrolled' })
  })

  it('asks in a terminal: whether a host key is right, and for the password of sudo', async () => {
    await host(5).addUser('dora')
    await host(5).root.ask(
      "cp -a /root/.ssh /home/dora/.ssh; chown -R dora /home/dora/.ssh; echo dora:secret | chpasswd; echo 'dora ALL=(ALL) ALL' >/etc/sudoers.d/dora",
    )
    const { code, stdout } = await operator.enrolInTerminal(
      { 'Are you sure you want to continue': 'yes', 'Password for sudo on gpu5': 'secret' },
      ...['--login', 'dora', 'gpu5'],
    )
    expect(stdout).not.toContain('secret')
    expect({ code, told: lines(stdout.replaceAll('\r', '')) }).toMatchObject({
      code: 0,
      told: { gpu5: ['enrolled', expect.anything()] },
    })
    expect(await host(5).root.ask("pgrep -fa '[s]ecret' || true")).toBe('')
  })

  it('changes the key, so that the old one is shut out', async () => {
    const other = makeKey(host(1).root.folder, 'other', 'ed25519')
    const { code } = await operator.enrol('--key', `${other}.pub`, 'gpu1')
    expect(code).toBe(0)
    expect(lines((await operator.enrol('--check', 'gpu1')).stdout)['gpu1']).toEqual([
      'wrong',
      expect.stringMatching(/^key /),
    ])
  })
})

describe('enrol.sh refuses', () => {
  it.each<[string, string[], RegExp]>([
    ['no host', [], /no host is named/],
    ['an option that it does not know', ['--port', '22', 'gpu1'], /there is no option --port/],
    ['a host that is an option', ['gpu1', '-oProxyCommand=id'], /there is no option -oProxyCommand=id/],
    ['a host with a user', ['root@gpu1'], /this is no host/],
    ['a host with a command', ['gpu1;id'], /this is no host/],
    ['a host that is empty', [''], /this is no host/],
    ['an account that is none', ['--user', 'A b', 'gpu1'], /no account name/],
    ['the account root', ['--user', 'root', 'gpu1'], /root is not/],
    ['a login that is an option', ['--login', '-x', 'gpu1'], /--login needs a value/],
    ['a login with a command', ['--login', 'a;b', 'gpu1'], /this is no user/],
    ['two things at once', ['--check', '--remove', 'gpu1'], /either --check or --remove/],
    ['a key that is none', ['--key', '/etc/hostname', 'gpu1'], /./],
    ['to check a key that is not there', ['--key', '/nowhere/key', '--check', 'gpu1'], /there is no key/],
  ])('%s, before it does anything', async (_, args, said) => {
    const { code, stdout, stderr } = await operator.enrol(...args)
    expect(code).toBe(64)
    expect(stdout).toBe('')
    expect(stderr).toMatch(said)
  })
})
