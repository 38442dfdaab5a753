import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { vmKey, whyNoHypervisorRoot, type HypervisorRoot } from '../fakes/hypervisorRoot.ts'
import { installKit, keysFrom, type InstallKit } from '../fakes/installKit.ts'
import { makeKey } from '../fakes/sshd.ts'

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

describe('the installer refuses, before anything is changed,', () => {
  const valid = () =>
    ({ vm: 'four', vmid: '104', key: vmKeyFour.line, from: keysFrom }) as Record<string, string>
  let vmKeyFour: ReturnType<typeof vmKey>
  let before: string[]
  beforeAll(async () => {
    if (reason !== undefined) return
    vmKeyFour = vmKey(host, 'four')
    before = await kit.files()
  })
  const k = () => vmKeyFour.line

  it.each<[string, string, (() => string) | string, string]>([
    ['a name with a capital', 'vm', 'Four', '--vm'],
    ['a name that is a path', 'vm', '../four', '--vm'],
    ['a name with a space', 'vm', 'fo ur', '--vm'],
    ['a name that is an option', 'vm', '-four', '--vm'],
    ['a name with a newline', 'vm', 'four\nfive', '--vm'],
    ['an empty name', 'vm', '', '--vm'],
    ['a name that is too long', 'vm', 'a'.repeat(64), '--vm'],
    ['an id with a letter', 'vmid', '104a', '--vmid'],
    ['an id below 100', 'vmid', '99', '--vmid'],
    ['an id that is negative', 'vmid', '-104', '--vmid'],
    ['an id with a zero before it', 'vmid', '0104', '--vmid'],
    ['an id with a newline', 'vmid', '104\n105', '--vmid'],
    ['an id that another name has', 'vmid', '102', 'installed already, as two'],
    ['no key', 'key', '', '--key is missing'],
    ['a file that is not there', 'key', '/root/none.pub', 'neither a key nor a file'],
    ['a key with options', 'key', () => `no-pty ${k()}`, 'no options'],
    ['a key with a command', 'key', () => `command="/bin/sh" ${k()}`, 'no options'],
    ['two keys on two lines', 'key', () => `${k()}\n${kit.two.line}`, 'several lines'],
    ['two keys on one line', 'key', () => `${k()} ${kit.two.line}`, 'two keys'],
    ['a newline and an option', 'key', () => `${k()}\ncommand="/bin/sh" ${kit.two.line}`, 'several lines'],
    ['a private key', 'key', () => readPrivate(), 'private key'],
    ['a key that is cut off', 'key', () => k().slice(0, -8), 'cut off'],
    ['a key of another type than it says', 'key', () => k().replace('ed25519', 'rsa'), 'cut off'],
    ['a type without a key', 'key', 'ssh-ed25519', 'no key'],
    [
      'a certificate',
      'key',
      () => k().replace('ssh-ed25519', 'ssh-ed25519-cert-v01@openssh.com'),
      'cannot be used',
    ],
    ['a key with a carriage return', 'key', () => `${k()}\r`, 'characters that no key has'],
    ['a key with a quote that ends its line', 'key', () => `${k()}" command="x`, 'no key'],
    ['a key that another VM has', 'key', () => kit.two.line, 'two’s already'.replace('’', "'")],
    ['no addresses', 'from', '', '--from is missing'],
    ['everywhere', 'from', '0.0.0.0/0', 'everywhere'],
    ['everywhere, in IPv6', 'from', '10.0.0.0/8,::/0', 'everywhere'],
    ['a number that no address has', 'from', '10.0.0.256', 'no address'],
    ['a part of an address', 'from', '10.0.0', 'no address'],
    ['an address of nine groups', 'from', '1:2:3:4:5:6:7:8:9', 'no address'],
    ['a prefix that is too long', 'from', '10.0.0.0/33', 'no range'],
    ['a prefix that is none', 'from', '10.0.0.0/', 'no range'],
    ['bits beyond the prefix', 'from', '10.0.0.1/24', 'beyond its prefix'],
    ['bits beyond the prefix, in IPv6', 'from', 'fd00::1/64', 'beyond its prefix'],
    ['a pattern', 'from', '10.0.0.*', 'nothing else'],
    ['a negation', 'from', '!10.0.0.1', 'nothing else'],
    ['a host name', 'from', 'console.example.com', 'nothing else'],
    ['a quote and an option', 'from', '10.0.0.1",pty="', 'nothing else'],
    ['two commas', 'from', '10.0.0.1,,10.0.0.2', 'nothing else'],
    ['a newline', 'from', '10.0.0.1\n10.0.0.2', 'nothing else'],
    ['a day that is none', 'expiry', '20991301', 'no day'],
    ['a day that is past', 'expiry', '20200101', 'refused already'],
    ['words for a day', 'expiry', 'tomorrow', 'takes a day'],
    ['an unknown option', 'force', 'yes', 'install.sh'],
  ])('%s', async (_, option, value, said) => {
    const options = { ...valid(), [option]: typeof value === 'string' ? value : value() }
    const run = await host.install(...Object.entries(options).flatMap(([name, word]) => [`--${name}`, word]))
    expect({ code: run.code, stderr: run.stderr }).toEqual({
      code: 64,
      stderr: expect.stringContaining(said),
    })
    expect(run.stdout).toBe('')
  })

  it('a file of bytes that are no key', async () => {
    await host.ask('head -c 5000 /dev/urandom >/root/junk')
    const run = await host.install('--vm', 'four', '--vmid', '104', '--key', '/root/junk', '--from', keysFrom)
    await host.ask('rm /root/junk')
    expect(run.code).toBe(64)
  })

  it('a key that opens the account of root too', async () => {
    host.write('/root/.ssh/authorized_keys', `${k()} somebody\n`, 0o600)
    const run = await host.install('--vm', 'four', '--vmid', '104', '--key', k(), '--from', keysFrom)
    await host.ask('rm -r /root/.ssh')
    expect({ code: run.code, stderr: run.stderr }).toEqual({
      code: 64,
      stderr: expect.stringContaining('account of root'),
    })
  })

  it('and none of them changed a thing', async () => {
    expect(await kit.files()).toEqual(before)
  })

  it.each([
    [
      'an sshd_config that is broken already',
      'echo Nonsense >>/etc/ssh/sshd_config',
      'sshd is broken already',
    ],
    [
      'an sshd_config without its folder',
      'sed -i /^Include/d /etc/ssh/sshd_config',
      'Put this line at its top',
    ],
    [
      'an sshd_config that has its folder for some only',
      'sed -i "/^Include/d; \\$a Match User root\\nInclude /etc/ssh/sshd_config.d/*.conf" /etc/ssh/sshd_config',
      'Put this line at its top',
    ],
    ['a sudoers that is broken already', 'echo Nonsense >/etc/sudoers.d/zz', 'sudo is broken already'],
    [
      'a folder that others may write',
      'chmod 777 /etc/breakglass',
      'chown root:root /etc/breakglass; chmod go-w /etc/breakglass',
    ],
    ['a folder that its account may not enter', 'chmod 700 /etc/breakglass', 'chmod o+x /etc/breakglass'],
    [
      'a script that is missing beside it',
      'mv /root/breakglass/breakglass-probe /root',
      'copy the whole folder',
    ],
  ])('%s', async (_, damage, said) => {
    await host.ask('mkdir /saved; cp -a /etc /saved/')
    await host.ask(damage)
    const damaged = await kit.files()
    const run = await host.install('--vm', 'four', '--vmid', '104', '--key', k(), '--from', keysFrom)
    expect({ code: run.code, stderr: run.stderr }).toEqual({
      code: 64,
      stderr: expect.stringContaining(said),
    })
    expect(await kit.files()).toEqual(damaged)
    await host.ask(
      'cp -a /saved/etc/ssh/sshd_config /etc/ssh/; chmod 711 /etc/breakglass; rm -rf /saved /etc/sudoers.d/zz; if [ -e /root/breakglass-probe ]; then mv /root/breakglass-probe /root/breakglass; fi',
    )
    expect(await kit.files()).toEqual(before)
  })

  it('a host without sudo, with the line that brings it', async () => {
    // A PATH is not taken from the caller, so sudo is taken away.
    host.write('/tmp/none', '')
    await host.ask('chmod 000 /tmp/none; mount --bind /tmp/none /usr/bin/sudo')
    const run = await host.install('--vm', 'four', '--vmid', '104', '--key', k(), '--from', keysFrom)
    await host.ask('umount /usr/bin/sudo; rm /tmp/none')
    expect({ code: run.code, stderr: run.stderr }).toEqual({
      code: 64,
      stderr: expect.stringContaining('apt-get install --no-install-recommends sudo'),
    })
  })

  it('an account of that name that somebody else made', async () => {
    const was = host.read('/etc/passwd') ?? ''
    host.write('/etc/passwd', was.replace('Breakglass power verbs', 'Somebody'))
    const run = await host.install('--vm', 'four', '--vmid', '104', '--key', k(), '--from', keysFrom)
    host.write('/etc/passwd', was)
    expect({ code: run.code, stderr: run.stderr }).toEqual({
      code: 64,
      stderr: expect.stringContaining('not ours'),
    })
  })
})

/** A real one: what an administrator pastes by mistake. */
function readPrivate(): string {
  const file = `${host.folder}/mistake`
  if (!existsSync(file)) makeKey(host.folder, 'mistake', 'ed25519')
  return readFileSync(file, 'utf8')
}
