import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { hostileRequests } from '../fakes/hostileRequests.ts'
import {
  freePort,
  hypervisorRoot,
  vmKey,
  whyNoHypervisorRoot,
  type HypervisorRoot,
} from '../fakes/hypervisorRoot.ts'
import { makeKey } from '../fakes/sshd.ts'
import { run, sshAttempts, sshRequests, type SshAttempts, type SshRun } from '../fakes/sshAttempts.ts'

const reason = whyNoHypervisorRoot()
const op = '00112233445566778899aabbccddeeff'
const account = 'breakglass@127.0.0.1'
const canary = '/tmp/canary'

let host: HypervisorRoot
let alpha: SshAttempts
let beta: SshAttempts
let alphaKey: string
let expiredKey: string
let strangerKey: string
/** Would take a connection that came through a forwarding. */
let target: Server
let reached = 0
let agentUsed = 0
/** Local files of attempts. */
const here = (name: string) => join(host.folder, name)
const targetPort = () => (target.address() as { port: number }).port

/** The words of every call of one VM's qm. */
const calls = (vm: string) => (host.read(`/srv/${vm}/calls`) ?? '').split('\n').filter(Boolean)
const changes = (vm: string) =>
  calls(vm).filter((call) => !/^(status|config|pending|list|guest|agent)\b/.test(call))
const dispatched = () =>
  host
    .journal()
    .map((line) => /^<\d+>.{15} breakglass-pve: (.*)$/s.exec(line)?.[1])
    .filter((text) => text !== undefined)

beforeAll(async () => {
  if (reason !== undefined) return
  host = await hypervisorRoot()
  // A trusted authority of the host's own must not open this account.
  const ca = makeKey(host.folder, 'ca', 'ed25519')
  host.write('/etc/ssh/ca.pub', await (await import('node:fs/promises')).readFile(`${ca}.pub`, 'utf8'))
  host.write(
    '/etc/ssh/sshd_config',
    `${host.read('/etc/ssh/sshd_config')}TrustedUserCAKeys /etc/ssh/ca.pub\n`,
  )
  await host.startSshd()
  const qm = await (
    await import('node:fs/promises')
  ).readFile(join(import.meta.dirname, '../../app/demo/qm'), 'utf8')
  const keys: Record<string, string> = {}
  for (const [vm, vmid] of [
    ['alpha', '101'],
    ['beta', '102'],
    ['gone', '103'],
  ] as const) {
    const key = vmKey(host, vm)
    keys[vm] = key.file
    host.write(`/srv/${vm}/vm/qm`, qm.replaceAll('100', vmid).replaceAll('name: demo', `name: ${vm}`), 0o755)
    host.write(
      `/srv/${vm}/qm`,
      `#!/bin/sh\necho "$*" >>/srv/${vm}/calls\nexec /srv/${vm}/vm/qm "$@"\n`,
      0o755,
    )
    const { code, stderr } = await host.install(
      ...['--vm', vm, '--vmid', vmid, '--key', key.line, '--from', '127.0.0.1/32', '--expiry', '20991231'],
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    await host.ask(`echo tools=/srv/${vm} >>/etc/breakglass/${vm}.conf`)
  }
  // The installer takes no day that is past: time passes.
  await host.ask('sed -i "/:gone$/s/20991231/20200101/" /etc/ssh/authorized_keys.d/breakglass')
  strangerKey = makeKey(host.folder, 'stranger', 'ed25519')
  await run(['ssh-keygen', '-q', '-s', ca, '-I', 'stranger', '-n', 'breakglass,root', `${strangerKey}.pub`])
  expect(existsSync(`${strangerKey}-cert.pub`)).toBe(true)
  alphaKey = keys['alpha'] ?? ''
  expiredKey = keys['gone'] ?? ''
  alpha = sshAttempts(host, alphaKey)
  beta = sshAttempts(host, keys['beta'] ?? '')
  target = createServer((socket) => {
    reached += 1
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(target, 'listening')
}, 60_000)
afterAll(async () => {
  target?.close()
  await host?.stop()
})

/** Requests beyond those that the script's own tests try: each is refused by the forced command. */
const requests = [
  'alpha status',
  'status beta',
  'status 102',
  `stop 102 ${op}`,
  `stop beta ${op}`,
  `cycle ${op} beta`,
  'status ../beta',
  'status /etc/breakglass/beta.conf',
  '/etc/breakglass/beta.conf status',
  `stop ${op} ${op.replace('0', '1')}`,
  `stop ${op.slice(2)}`,
  `stop ${op.replace('a', 'g')}`,
  `forensics ${op}\nbeta`,
  `stop ${op}\0`,
  'status\0stop',
  '\0',
  'unlock',
  'unlock 101',
  'destroy',
  'shutdown',
  'reboot',
  'suspend',
  'migrate',
  'monitor',
  'set --memory 1',
  'qm destroy 101 --purge',
  'qm unlock 101',
  '/usr/sbin/qm stop 101',
  '/srv/alpha/qm stop 101',
  '/usr/local/sbin/breakglass-vm stop',
  '/usr/local/sbin/breakglass-pve /etc/breakglass/beta.conf',
  '/usr/local/sbin/breakglass-probe',
  'sudo -n /usr/local/sbin/breakglass-vm stop',
  `echo alpha ${op} | sudo -n /usr/local/sbin/breakglass-vm stop`,
  'sudo -n sh',
  'sudo -l',
  'su -',
  'exec sh',
  'sh -i',
  'cat /etc/shadow',
  'cat /etc/breakglass/alpha.conf',
  'kill -9 -1',
  'systemctl poweroff',
  'nc -e /bin/sh 127.0.0.1 1',
  "python3 -c \"open('CANARY','w')\"",
  ': > CANARY',
  'status & touch CANARY',
  ':(){ :|:& };:',
  '~/status',
  'sta\\tus',
  'ｓtop',
  'stоp',
  'STOP',
  'Cycle',
  'stop ',
  '\tstop',
  'stop\f',
  '\u0000\u0001\u0002\u001b]0;title\u0007',
  '\u202Estatus',
  'é'.repeat(32),
  `cycle ${op}${' '.repeat(30)}`,
  'x'.repeat(65_536),
]

interface Way {
  name: string
  /** What is done, by whoever holds alpha's key. */
  attempt: () => Promise<SshRun>
  /** `refused` by the forced command, or what sshd's client says. */
  end: 'refused' | RegExp
}

const shell = (...more: string[]) => alpha.ssh([...more, account], { input: `touch ${canary}\n` })
const env = (setting: string) => alpha.ssh(['-o', `SetEnv=${setting}`, account, 'env'])
const as = (user: string) => alpha.ssh([`${user}@127.0.0.1`, 'status'])
const closed = /administratively prohibited|open failed/
const denied = /Permission denied \(publickey/

const ways: Way[] = [
  { name: 'a shell', attempt: () => shell('-T'), end: 'refused' },
  { name: 'a shell on a terminal', attempt: () => shell('-tt'), end: 'refused' },
  {
    name: 'a command on a terminal',
    attempt: () => alpha.ssh(['-tt', account, 'bash', '-i']),
    end: 'refused',
  },
  { name: 'a terminal by an option', attempt: () => shell('-o', 'RequestTTY=force'), end: 'refused' },
  { name: 'a command by an option', attempt: () => shell('-o', 'RemoteCommand=/bin/sh'), end: 'refused' },
  {
    name: 'an option after the host',
    attempt: () => alpha.ssh([account, '-o', 'x=y', 'status']),
    end: 'refused',
  },
  {
    name: 'a newline in the command',
    attempt: () => alpha.ssh([account, `status\ntouch ${canary}`]),
    end: 'refused',
  },
  {
    name: 'command substitution',
    attempt: () => alpha.ssh([account, `status $(touch ${canary})`]),
    end: 'refused',
  },
  { name: 'backticks', attempt: () => alpha.ssh([account, `status \`touch ${canary}\``]), end: 'refused' },
  { name: 'a glob', attempt: () => alpha.ssh([account, 'stat*']), end: 'refused' },
  { name: '64 KiB', attempt: () => alpha.ssh([account, 'A'.repeat(65_536)]), end: 'refused' },
  {
    // More than one argument of a program can have: sshd cannot even start the forced command.
    name: '200 KiB',
    attempt: async () => {
      const requests = await sshRequests(host, alphaKey)
      const end = await requests.request('A'.repeat(200_000))
      requests.end()
      return end
    },
    end: /^/,
  },
  {
    name: 'bytes that are no text',
    attempt: () =>
      run([
        'sh',
        '-c',
        `exec "$@" "$(printf 'status\\377\\376\\200')"`,
        'sh',
        'ssh',
        ...alpha.options,
        account,
      ]),
    end: 'refused',
  },
  {
    name: 'a flood on stdin',
    attempt: () => alpha.ssh([account, `cat >${canary}`], { input: Buffer.alloc(8_000_000, 'stop\n') }),
    end: 'refused',
  },
  { name: 'LD_PRELOAD', attempt: () => env('LD_PRELOAD=/tmp/x.so'), end: 'refused' },
  { name: 'BASH_ENV', attempt: () => env(`BASH_ENV=${canary}`), end: 'refused' },
  { name: 'ENV', attempt: () => env(`ENV=$(touch ${canary})`), end: 'refused' },
  { name: 'PATH', attempt: () => env('PATH=/tmp'), end: 'refused' },
  { name: 'a locale', attempt: () => env(`LC_ALL=$(touch ${canary})`), end: 'refused' },
  { name: 'a request by the environment', attempt: () => env('SSH_ORIGINAL_COMMAND=stop'), end: 'refused' },
  {
    name: 'variables that are sent along',
    attempt: () =>
      alpha.ssh(['-o', 'SendEnv=LC_* BASH_FUNC_* PERL5OPT', account, 'env'], {
        env: {
          LC_PAPER: `$(touch ${canary})`,
          PERL5OPT: '-Mx',
          'BASH_FUNC_status%%': `() { touch ${canary}; }`,
        },
      }),
    end: 'refused',
  },

  {
    name: 'forwarding of a port',
    attempt: () => alpha.forward(['-L', `${here('l')}:127.0.0.1:${targetPort()}`], { path: here('l') }),
    end: closed,
  },
  {
    name: 'forwarding to a socket',
    attempt: () => alpha.forward(['-L', `${here('s')}:/dev/log`], { path: here('s') }),
    end: closed,
  },
  {
    name: 'forwarding of what one asks for',
    attempt: async () => {
      const port = await freePort()
      const socks = Buffer.from([5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, targetPort() >> 8, targetPort() & 255])
      return alpha.forward(['-D', `127.0.0.1:${port}`], { port }, socks)
    },
    end: closed,
  },
  {
    name: 'forwarding of stdin',
    attempt: () => alpha.ssh(['-W', `127.0.0.1:${targetPort()}`, account]),
    end: closed,
  },
  {
    name: 'a way on to another host',
    attempt: () =>
      alpha.ssh([
        ...['-o', `ProxyCommand=ssh ${alpha.options.join(' ')} -W 127.0.0.1:${targetPort()} ${account}`],
        'root@onward',
      ]),
    end: closed,
  },
  {
    name: 'forwarding back of a port',
    attempt: () =>
      alpha.ssh(['-N', '-o', 'ExitOnForwardFailure=yes', '-R', `0:127.0.0.1:${targetPort()}`, account]),
    end: /remote port forwarding failed/,
  },
  {
    name: 'forwarding back of what one asks for',
    attempt: () => alpha.ssh(['-N', '-o', 'ExitOnForwardFailure=yes', '-R', '0', account]),
    end: /remote port forwarding failed/,
  },
  {
    name: 'forwarding back to a socket',
    attempt: () => alpha.ssh(['-N', '-o', 'ExitOnForwardFailure=yes', '-R', `${canary}:/dev/null`, account]),
    end: /remote port forwarding failed/,
  },
  {
    name: 'the agent',
    attempt: async () => {
      const socket = here('agent')
      const agent = createServer((peer) => {
        agentUsed += 1
        peer.destroy()
      }).listen(socket)
      await once(agent, 'listening')
      const end = await alpha.ssh(['-o', `ForwardAgent=${socket}`, account, 'ssh-add', '-l'])
      agent.close()
      return end
    },
    end: 'refused',
  },
  {
    name: 'X11',
    attempt: () =>
      alpha.ssh(['-X', '-o', 'XAuthLocation=/bin/false', account, 'xclock'], {
        env: { DISPLAY: '127.0.0.1:99' },
      }),
    end: /X11 forwarding request failed/,
  },
  { name: 'a tunnel', attempt: () => tunnel(), end: closed },

  {
    name: 'sftp',
    attempt: () =>
      run(['sftp', ...alpha.options, '-b', '-', account], { input: `put /etc/hostname ${canary}\n` }),
    end: /./,
  },
  { name: 'the subsystem sftp', attempt: () => alpha.ssh(['-s', account, 'sftp']), end: 'refused' },
  {
    name: 'another subsystem',
    attempt: () => alpha.ssh(['-s', account, 'netconf']),
    end: /subsystem request failed/,
  },
  {
    name: 'scp to it',
    attempt: () => run(['scp', ...alpha.options, '/etc/hostname', `${account}:${canary}`]),
    end: /./,
  },
  {
    name: 'scp from it',
    attempt: () => run(['scp', ...alpha.options, `${account}:/etc/shadow`, here('stolen')]),
    end: /./,
  },
  {
    name: 'scp to it, the old way',
    attempt: () => run(['scp', '-O', ...alpha.options, '/etc/hostname', `${account}:${canary}`]),
    end: /./,
  },
  {
    name: 'scp from it, the old way',
    attempt: () => run(['scp', '-O', ...alpha.options, `${account}:/etc/shadow`, here('stolen')]),
    end: /./,
  },
  {
    name: 'rsync to it',
    attempt: () =>
      run(['rsync', '-e', `ssh ${alpha.options.join(' ')}`, '/etc/hostname', `${account}:${canary}`]),
    end: /./,
  },
  {
    name: 'rsync from it',
    attempt: () =>
      run(['rsync', '-e', `ssh ${alpha.options.join(' ')}`, `${account}:/etc/shadow`, here('stolen')]),
    end: /./,
  },

  { name: 'the account of root', attempt: () => as('root'), end: denied },
  { name: 'the account nobody', attempt: () => as('nobody'), end: denied },
  { name: 'the account sshd', attempt: () => as('sshd'), end: denied },
  { name: 'no account', attempt: () => as('operator'), end: denied },
  { name: 'the account in capitals', attempt: () => as('BREAKGLASS'), end: denied },
  {
    name: 'an address that the key is not for',
    attempt: () => alpha.ssh(['-b', '127.0.0.2', account, 'status']),
    end: denied,
  },
  {
    name: 'a key that has ended',
    attempt: () => sshAttempts(host, expiredKey).ssh([account, 'status']),
    end: denied,
  },
  {
    name: 'a key that a trusted authority signed',
    attempt: () => sshAttempts(host, strangerKey).ssh([account, 'status']),
    end: denied,
  },
  {
    name: 'a password',
    attempt: () =>
      alpha.ssh([
        '-o',
        'PubkeyAuthentication=no',
        '-o',
        'PreferredAuthentications=password',
        account,
        'status',
      ]),
    end: denied,
  },
  {
    name: 'questions and answers',
    attempt: () =>
      alpha.ssh([
        '-o',
        'PubkeyAuthentication=no',
        '-o',
        'PreferredAuthentications=keyboard-interactive',
        account,
        'status',
      ]),
    end: denied,
  },
  {
    name: 'no authentication at all',
    attempt: () =>
      alpha.ssh(['-o', 'PubkeyAuthentication=no', '-o', 'PreferredAuthentications=none', account, 'status']),
    end: denied,
  },
]

describe.skipIf(reason !== undefined)('through the real sshd the key cannot', () => {
  const ends = new Map<string, SshRun>()
  const said: SshRun[] = []
  const all = [...new Set([...requests, ...hostileRequests])]
  let before: string[]
  const files = async () => {
    const found = await host.snapshot()
    expect(found.length).toBeGreaterThan(200)
    return found.filter((line) => !line.includes(' /var/log') && !line.startsWith('/var/log'))
  }

  beforeAll(async () => {
    before = await files()
    let connection: Awaited<ReturnType<typeof sshRequests>> | undefined
    for (const request of all) {
      connection ??= await sshRequests(host, alphaKey)
      const end = await connection.request(request.replaceAll('CANARY', canary))
      ends.set(request, end)
      if (end.code === null) {
        connection.end()
        connection = undefined
      }
    }
    connection?.end()
    const queue = [...ways]
    const worker = async () => {
      for (let way = queue.shift(); way; way = queue.shift()) ends.set(way.name, await way.attempt())
    }
    await Promise.all([worker(), worker(), worker()])
    said.push(...ends.values())
  }, 200_000)

  it('be tried in fewer ways than these', () => {
    expect(all.length + ways.length).toBeGreaterThan(200)
    expect(ends.size).toBe(all.length + ways.length)
  })

  it.each(
    all.map((request) => [
      request.length > 80 ? `${request.slice(0, 60)}… (${request.length})` : request,
      request,
    ]),
  )('ask for %j', (_, request) => {
    const end = ends.get(request)
    // sshd itself closes the connection at a NUL.
    if (request.includes('\0')) expect(end?.code).toBe(null)
    else expect(end).toMatchObject({ code: 64, stdout: expect.stringContaining('"outcome":"refused"') })
  })

  it.each(ways.map(({ name, end }) => [name, end] as const))('have %s', (name, wanted) => {
    const end = ends.get(name)
    if (wanted === 'refused') {
      expect(end).toMatchObject({ code: 64, stdout: expect.stringContaining('"op":null,"verb":null') })
      return
    }
    expect(end?.code).not.toBe(0)
    expect(end?.stderr).toMatch(wanted)
    expect(end?.stdout).not.toMatch(/"state"|root:/)
  })

  it('get a terminal', () => {
    for (const name of ['a shell on a terminal', 'a command on a terminal', 'a terminal by an option'])
      expect(ends.get(name)?.stderr).toContain('PTY allocation request failed')
  })

  it('make anything run: no qm was called, no file has come to be, nothing was reached', async () => {
    for (const vm of ['alpha', 'beta', 'gone']) expect(calls(vm)).toEqual([])
    expect(host.read(canary)).toBe(null)
    expect(existsSync(here('stolen'))).toBe(false)
    expect({ reached, agentUsed }).toEqual({ reached: 0, agentUsed: 0 })
    await vi.waitFor(async () => expect(await host.ask('ps -o comm= -u breakglass || :')).toBe(''))
    expect(await files()).toEqual(before)
  })

  it('hide: each refusal is in the journal, once, with the VM and the address, on one line of plain ASCII', async () => {
    const refused = said.filter(({ stdout }) => stdout.includes('"outcome":"refused"')).length
    // sftp, scp and rsync take the answer for themselves and show none of it.
    const silent = ways.filter(({ end }) => String(end) === '/./').length
    await vi.waitFor(() => expect(dispatched().length).toBeGreaterThanOrEqual(refused + silent))
    const lines = dispatched()
    for (const line of lines) expect(line).toMatch(/^alpha from 127\.0\.0\.1: refused \(64, [\x20-\x7e]*$/)
    for (const line of lines) expect(line.length).toBeLessThan(1000)
    expect(lines.some((line) => line.includes('status\\012touch /tmp/canary'))).toBe(true)
    expect(lines.some((line) => line.includes('\\377\\376\\200'))).toBe(true)
    expect(lines.some((line) => line.includes('\\033[2J'))).toBe(true)
    expect(lines.some((line) => line.includes('65536 bytes'))).toBe(true)
    expect(host.journal().join('\n')).not.toContain('sudo')
  })
})

it.skipIf(reason === undefined)('needs what is not here', (context) => context.skip(reason))

/** Asks for a tunnel device, without one of this machine's own, which the client would make first. */
async function tunnel(): Promise<SshRun> {
  return alpha.ssh(['-o', 'Tunnel=no', '-W', '[::1]:1', account])
}
void beta
void writeFileSync
