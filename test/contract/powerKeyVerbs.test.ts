import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { whyNoHypervisorRoot } from '../fakes/hypervisorRoot.ts'
import { account, keyKit, type KeyKit } from '../fakes/keyKit.ts'
import type { SshRun } from '../fakes/sshAttempts.ts'

const reason = whyNoHypervisorRoot()
const opOf = (digit: string) => digit.repeat(32)
const alphasOp = opOf('a')

let kit: KeyKit
beforeAll(async () => {
  if (reason !== undefined) return
  kit = await keyKit()
}, 60_000)
beforeEach(({ skip }) => skip(reason !== undefined, reason))
afterAll(() => kit?.stop())

/** What changed a VM, in the words of its qm. */
const changes = (vm: string) =>
  kit.calls(vm).filter((call) => /^(start|stop|reset|unlock|destroy)/.test(call))
const end = ({ stdout }: SshRun): Record<string, unknown> =>
  JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
const firstLine = ({ stdout }: SshRun): Record<string, unknown> => JSON.parse(stdout.split('\n')[0] ?? '')

// In this file the order counts: an operation of one VM is asked for by the other one.
describe('through the real sshd the key can', () => {
  it('ask for the status', async () => {
    const run = await kit.alpha.ssh([account, 'status'])
    expect({ code: run.code, status: firstLine(run), end: end(run) }).toMatchObject({
      code: 0,
      status: { state: 'running', busy: null, operation: null },
      end: { verb: 'status', outcome: 'done', exit_code: 0 },
    })
    expect(changes('alpha')).toEqual([])
  })

  it.each([
    ['reset', '1', ['reset 101']],
    ['stop', '2', ['stop 101']],
    ['start', '3', ['start 101']],
    ['cycle', 'a', ['stop 101', 'start 101']],
  ])(
    '%s its VM, and no other one',
    async (verb, digit, wanted) => {
      const before = changes('alpha').length
      const op = opOf(digit)
      const run = await kit.alpha.ssh([account, `${verb} ${op}`])
      expect({ code: run.code, end: end(run) }).toMatchObject({ code: 0, end: { op, verb, outcome: 'done' } })
      expect(changes('alpha').slice(before)).toEqual(wanted)
      expect(changes('beta')).toEqual([])
    },
    60_000,
  )

  it('ask for the end of an operation, and send it again without a second one', async () => {
    const status = await kit.alpha.ssh([account, `status ${alphasOp}`])
    expect(firstLine(status)).toMatchObject({ operation: { op: alphasOp, verb: 'cycle', outcome: 'done' } })
    const before = changes('alpha')
    const again = await kit.alpha.ssh([account, `cycle ${alphasOp}`])
    expect(end(again)).toMatchObject({ op: alphasOp, verb: 'cycle', outcome: 'done' })
    expect(changes('alpha')).toEqual(before)
  })

  it('ask for forensics, and for those of before an operation', async () => {
    const run = await kit.alpha.ssh([account, `forensics ${opOf('f')}`])
    expect({ code: run.code, end: end(run) }).toMatchObject({
      code: 0,
      end: { verb: 'forensics', outcome: 'done' },
    })
    expect(run.stdout).toContain('name: alpha')
    const kept = await kit.alpha.ssh([account, `forensics ${alphasOp}`])
    expect({ code: kept.code, end: end(kept) }).toMatchObject({ code: 0, end: { outcome: 'done' } })
  }, 60_000)

  it('learn nothing of an operation of another VM', async () => {
    const status = await kit.beta.ssh([account, `status ${alphasOp}`])
    expect(status.code).toBe(0)
    expect(firstLine(status)).toMatchObject({ operation: null, busy: null })
    const report = await kit.beta.ssh([account, `forensics ${alphasOp}`])
    expect(report.stdout).toContain('name: beta')
    expect(report.stdout).not.toMatch(/alpha|vm-101|VM 101|vmid: 101/)
    expect(changes('beta')).toEqual([])
  }, 60_000)

  it('run no second verb under one op', async () => {
    const before = changes('alpha')
    const run = await kit.alpha.ssh([account, `stop ${alphasOp}`])
    expect({ code: run.code, end: end(run) }).toMatchObject({ code: 64, end: { outcome: 'refused' } })
    expect(changes('alpha')).toEqual(before)
  })

  it.each([
    ['SetEnv', 'SSH_ORIGINAL_COMMAND=stop'],
    ['SetEnv', 'LC_ALL=../../x'],
    ['SetEnv', 'PATH=/tmp'],
  ])('have its status with %s=%s, and nothing else for it', async (option, value) => {
    const before = changes('alpha')
    const run = await kit.alpha.ssh(['-o', `${option}=${value}`, account, 'status'])
    expect({ code: run.code, end: end(run) }).toMatchObject({ code: 0, end: { verb: 'status' } })
    expect(changes('alpha')).toEqual(before)
  })

  it('send what it likes on stdin: nobody reads it', async () => {
    const before = changes('alpha')
    const run = await kit.alpha.ssh([account, 'status'], {
      input: Buffer.alloc(4_000_000, `beta ${opOf('b')}\n`),
    })
    expect({ code: run.code, end: end(run) }).toMatchObject({ code: 0, end: { verb: 'status' } })
    expect([changes('alpha'), changes('beta')]).toEqual([before, []])
  })

  it('is in the journal with all that it was accepted for', () => {
    expect(kit.logged()).toContain(`alpha from 127.0.0.1: accepted cycle ${alphasOp}`)
    expect(kit.logged()).toContain(`beta from 127.0.0.1: accepted status ${alphasOp}`)
  })
})

/** Whoever had got past the forced command: this account, on this host. */
describe('the account itself cannot', () => {
  const worker = '/usr/local/sbin/breakglass-vm'
  const asAccount = (line: string) =>
    kit.host.run(
      `setpriv --reuid breakglass --regid breakglass --init-groups env -i PATH=/usr/bin:/bin sh -c '${line.replaceAll("'", `'\\''`)}'`,
    )

  it.each([
    'sudo -n id',
    'sudo -n sh -c id',
    'sudo -n -s',
    'sudo -n -u nobody id',
    'sudo -n -e /etc/shadow',
    `sudo -n ${worker}`,
    `sudo -n ${worker} unlock`,
    `sudo -n ${worker} destroy`,
    `sudo -n ${worker} operate`,
    `sudo -n ${worker} @ status /tmp`,
    `sudo -n ${worker} status /tmp`,
    `sudo -n ${worker} status status`,
    `sudo -n ${worker} "status stop"`,
    `sudo -n ${worker} STATUS`,
    `sudo -n ${worker} -- status /tmp`,
    `sudo -n ${worker} "stat*"`,
    `sudo -n -u nobody ${worker} status`,
    `sudo -n -g shadow ${worker} status`,
    `sudo -n -E ${worker} status`,
    `sudo -n --preserve-env=PATH ${worker} status`,
    `sudo -n PATH=/tmp ${worker} status`,
    `sudo -n LD_PRELOAD=/tmp/x ${worker} status`,
    `sudo -n -D /tmp ${worker} status`,
    `sudo -n -R / ${worker} status`,
    `cp ${worker} /tmp/breakglass-vm && sudo -n /tmp/breakglass-vm status`,
    'sudo -n /usr/local/sbin/breakglass-probe config',
    'sudo -n /usr/local/sbin/breakglass-pve /etc/breakglass/alpha.conf',
    'sudo -n /srv/alpha/qm stop 101',
  ])('run %s', async (line) => {
    const before = [...kit.calls('alpha'), ...kit.calls('beta')]
    const run = await asAccount(`echo alpha | ${line.includes('&&') ? `(${line})` : line}`)
    expect(run.code).not.toBe(0)
    expect(run.stdout).not.toMatch(/uid=0|"state"/)
    expect([...kit.calls('alpha'), ...kit.calls('beta')]).toEqual(before)
  })

  it.each([
    '',
    '../../tmp/evil',
    '/etc/breakglass/alpha',
    'alpha.conf',
    '-alpha',
    'ALPHA',
    `alpha ${opOf('A')}`,
    `alpha ${opOf('a').slice(1)}`,
    `alpha ${opOf('a')} x`,
    `alpha ${opOf('a')} ${opOf('b')}`,
    'alpha\nbeta',
    'alpha;beta',
    'alpha $(id)',
    'no-such-vm',
    'a'.repeat(200),
    'alpha '.repeat(1000),
  ])('hand its worker %j', async (handed) => {
    const before = changes('alpha')
    kit.host.write('/tmp/handed', handed)
    const run = await asAccount(`sudo -n ${worker} stop </tmp/handed`)
    expect([64, 78]).toContain(run.code)
    expect(run.stdout).toContain('"outcome":"refused"')
    expect(changes('alpha')).toEqual(before)
  })

  it.each([
    ['read the configuration of a VM', 'cat /etc/breakglass/alpha.conf'],
    ['list them', 'ls /etc/breakglass'],
    ['write to its own home', 'mkdir ~/.ssh || touch /etc/breakglass/x'],
    ['change its keys', 'echo x >>/etc/ssh/authorized_keys.d/breakglass'],
    ['change the scripts', 'echo x >>/usr/local/sbin/breakglass-vm || rm -f /usr/local/sbin/breakglass-pve'],
    ['read what is kept of a VM', 'ls /var/lib/breakglass/alpha'],
    ['read the state of a VM', 'ls /run/breakglass/alpha'],
    ['call qm', 'test -w /srv/alpha/calls'],
  ])('%s', async (_, line) => {
    expect((await asAccount(line)).code).not.toBe(0)
  })

  it('do harm: its refusals by sudo were all written down, and nobody was sent a mail', () => {
    const refusals = kit.host
      .journal()
      .filter((line) => /^<\d+>.{15} sudo\W.*(not allowed|COMMAND)/.test(line))
    expect(refusals.length).toBeGreaterThan(10)
    expect(kit.host.journal().filter((line) => /sendmail|unable to send/.test(line))).toEqual([])
  })
})
