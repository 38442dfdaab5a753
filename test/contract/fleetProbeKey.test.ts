import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fleetHostAnswer } from '../fakes/fleetHostAnswer.ts'
import { fleetAccount, fleetRoot, probePath, sshOptions, whyNoFleetRoot } from '../fakes/fleetRoot.ts'
import type { FleetRoot } from '../fakes/fleetRoot.ts'
import { hostileRequests } from '../fakes/hostileRequests.ts'
import { canary } from '../fakes/KeyWay.ts'
import { run, sshRequests, type SshRun } from '../fakes/sshAttempts.ts'

const reason = whyNoFleetRoot()

let host: FleetRoot
let keyFile: string
beforeAll(async () => {
  if (reason !== undefined) return
  host = await fleetRoot('gpu1', { address: '127.0.83.1' })
  keyFile = await host.installProbe()
})
beforeEach(({ skip }) => skip(reason !== undefined, reason))
afterAll(() => host?.stop())

/** The list that the power path's key is tried with, too, in this key's words. */
const requests = [
  ...new Set([...hostileRequests, 'kill --help', 'kill 1 2 3', 'collect own', 'own', 'id', '/bin/sh -i']),
]
  .map((request) =>
    request.replaceAll('CANARY', canary).replaceAll('status', 'collect').replaceAll('stop', 'kill'),
  )
  .filter((request) => !request.includes('\0') && request !== 'collect' && request !== 'kill')
const refused = 'breakglass-probe: this key may ask for "collect" and "kill", and nothing else\n'

describe('with its key', () => {
  const ends = new Map<string, SshRun>()
  beforeAll(async () => {
    if (reason !== undefined) return
    const connection = await sshRequests(host.root, keyFile)
    for (const request of requests) ends.set(request, await connection.request(request))
    connection.end()
  }, 120_000)

  it('both words are answered, as root', async () => {
    const answer = fleetHostAnswer(await host.ask('collect'))
    expect(answer.get('host')?.lines).toEqual(
      expect.arrayContaining(['hostname gpu1', 'scope all', `account ${fleetAccount}`]),
    )
    expect(await host.ask('kill', { input: '1 2 3\n' })).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^breakglass-probe 1 ([0-9a-f]{16})\nkill gone\n\1 done\n$/),
    })
  })

  it.each(requests.map((request) => [request.length > 80 ? `${request.slice(0, 60)}…` : request, request]))(
    'nothing comes of %j',
    (_, request) => expect(ends.get(request)).toEqual({ code: 64, stdout: '', stderr: refused }),
  )

  const ssh = (...more: string[]) =>
    run(['ssh', ...sshOptions(host.root, keyFile), ...more], { input: `touch ${canary}\n` })
  const account = () => `${fleetAccount}@${host.address}`

  it.each<[string, () => Promise<SshRun>, RegExp]>([
    ['a terminal', () => ssh('-tt', account(), 'collect'), /PTY allocation request failed/],
    ['the subsystem sftp', () => ssh('-s', account(), 'sftp'), /^$/],
    [
      'sftp',
      () => run(['sftp', ...sshOptions(host.root, keyFile), account()], { input: 'ls\n' }),
      /Connection closed/,
    ],
    [
      'scp',
      () => run(['scp', '-O', ...sshOptions(host.root, keyFile), '/etc/hostname', `${account()}:${canary}`]),
      /may ask for "collect"/,
    ],
    [
      'scp over sftp',
      () => run(['scp', ...sshOptions(host.root, keyFile), '/etc/hostname', `${account()}:${canary}`]),
      /Connection closed/,
    ],
    [
      'rsync',
      () =>
        run([
          'rsync',
          '-e',
          ['ssh', ...sshOptions(host.root, keyFile)].map((word) => `'${word}'`).join(' '),
          '/etc/hostname',
          `${account()}:${canary}`,
        ]),
      /may ask for "collect"/,
    ],
    [
      'forwarding of stdin',
      () => ssh('-W', `127.0.0.1:${host.port}`, account()),
      /administratively prohibited|open failed/,
    ],
    [
      'forwarding back of a port',
      () => ssh('-N', '-o', 'ExitOnForwardFailure=yes', '-R', `0:127.0.0.1:${host.port}`, account()),
      /remote port forwarding failed/,
    ],
    ['a shell', () => ssh(account()), /may ask for "collect"/],
    ['the account of root', () => ssh(`root@${host.address}`, 'collect'), /Permission denied/],
  ])('there is no %s', async (_, attempt, said) => {
    const { code, stdout, stderr } = await attempt()
    expect(code).not.toBe(0)
    expect(stdout).toBe('')
    expect(stderr).toMatch(said)
  })

  it('a variable does not reach the probe', async () => {
    for (const setting of [
      'PATH=/tmp',
      'LD_PRELOAD=/tmp/x.so',
      'BASH_ENV=/tmp/x',
      'TMUX_TMPDIR=/tmp/x',
      'LC_ALL=x',
    ]) {
      const told = fleetHostAnswer(await ssh('-n', '-o', `SetEnv=${setting}`, account(), 'collect'))
      expect(told.get('host')?.code).toBe(0)
    }
  })

  it('nothing was run by any of it', () => {
    expect(host.root.read(canary)).toBeNull()
  })
})

describe('sudo lets the account', () => {
  const sudo = (words: string) => host.as(fleetAccount, `sudo -n ${words} </dev/null`)

  it.each([
    ['the probe with two words', `${probePath} collect extra`],
    ['the probe with an option', `${probePath} collect --help`],
    ['the probe without a word', probePath],
    ['the probe’s own scope', `${probePath} own`],
    ['the probe in a shell', `sh ${probePath} collect`],
    ['a shell', 'sh -c id'],
    ['as another user', `-u nobody ${probePath} collect`],
    ['with a variable', `LD_PRELOAD=/tmp/x ${probePath} collect`],
    ['with its environment', `-E ${probePath} collect`],
    ['in another folder', `-D /tmp ${probePath} collect`],
    ['an editor', '-e /etc/shadow'],
    ['a shell of root’s', '-i'],
  ])('not run %s', async (_, words) => {
    const { code, stdout } = await sudo(words)
    expect(code).not.toBe(0)
    expect(stdout).toBe('')
  })

  it('run the two; what it asks every few seconds fills no log, and a kill is logged', async () => {
    const before = host.root.journal().length
    const logged = (words: string) =>
      host.root
        .journal()
        .slice(before)
        .filter((line) => line.includes(words))
    expect((await sudo(`${probePath} collect`)).stdout).toContain('scope all')
    expect((await host.ask('kill', { input: '7 8 9\n' })).code).toBe(3)
    await expect.poll(() => logged('breakglass-probe: ')).toHaveLength(1)
    expect(logged('breakglass-probe: ')[0]).toContain(
      `kill of tmux session $7 of server 9: gone, asked by ${fleetAccount}`,
    )
    expect(logged('COMMAND=')).toEqual([])
  })
})

describe('the probe', () => {
  it('says that sudo refuses, rather than to see less', async () => {
    const file = '/etc/sudoers.d/breakglass-fleet'
    const rights = host.root.read(file) ?? ''
    await host.root.ask(`rm ${file}`)
    const { code, stdout, stderr } = await host.ask('collect')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('sudo')
    host.root.write(file, rights, 0o440)
    expect((await host.ask('collect')).code).toBe(0)
  })

  it('sees its own account’s without sudo', async () => {
    await host.addUser('ann')
    await host.askAs('ann', `${probePath} collect </dev/null >/dev/null`)
    await host.askAs('ann', 'tmux new -d -s mine')
    await host.root.ask('tmux new -d -s roots')
    const answer = fleetHostAnswer(await host.as('ann', `${probePath} collect </dev/null`))
    expect(answer.get('host')?.lines).toEqual(expect.arrayContaining(['scope own', 'account ann']))
    expect(answer.get('tmux')?.lines.filter((line) => line.startsWith('session'))).toEqual([
      expect.stringMatching(/ mine$/),
    ])
    const own = await host.as('ann', `SSH_ORIGINAL_COMMAND=collect ${probePath} own </dev/null`)
    expect(fleetHostAnswer(own).get('host')?.lines).toContain('scope own')
    expect((await host.as('ann', `SSH_ORIGINAL_COMMAND='collect x' ${probePath} own`)).code).toBe(64)
  })

  it('works while the disk of root is full', async () => {
    await host.root.ask('mount -t tmpfs -o size=16k full /tmp; dd if=/dev/zero of=/tmp/x 2>/dev/null || true')
    expect(fleetHostAnswer(await host.ask('collect')).get('disks')?.code).toBe(0)
    await host.root.ask('umount /tmp')
  })

  it('takes no folder that somebody else has laid out for it', async () => {
    await host.root.ask(
      'rm -rf /run/breakglass-probe; mkdir -m 777 /run/breakglass-probe; chown nobody /run/breakglass-probe',
    )
    expect(fleetHostAnswer(await host.ask('collect')).get('host')?.code).toBe(0)
    expect(await host.root.ask('ls -A /run/breakglass-probe; rmdir /run/breakglass-probe')).toBe('')
    await host.root.ask('ln -s /root /run/breakglass-probe')
    expect(fleetHostAnswer(await host.ask('collect')).get('host')?.code).toBe(0)
    await host.root.ask('rm /run/breakglass-probe')
  })
})
