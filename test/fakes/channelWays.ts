import { existsSync } from 'node:fs'
import { freePort } from './hypervisorRoot.ts'
import { account, type KeyKit } from './keyKit.ts'
import { canary, type KeyWay } from './KeyWay.ts'
import { run, sshRequests } from './sshAttempts.ts'

const closed = /administratively prohibited|open failed/
const denied = /Permission denied \(publickey/

const as =
  (user: string) =>
  ({ alpha }: KeyKit) =>
    alpha.ssh([`${user}@127.0.0.1`, 'status'])

/** Ways to more than a command: forwarding, files, other accounts, other ways to sign in. */
export const channelWays: KeyWay[] = [
  {
    name: 'forwarding of a port',
    attempt: ({ alpha, target, here }) =>
      alpha.forward(['-L', `${here('l')}:127.0.0.1:${target.port}`], { path: here('l') }),
    end: closed,
  },
  {
    name: 'forwarding to a socket',
    attempt: ({ alpha, here }) => alpha.forward(['-L', `${here('s')}:/dev/log`], { path: here('s') }),
    end: closed,
  },
  {
    name: 'forwarding of what one asks for',
    attempt: async ({ alpha, target }) => {
      const port = await freePort()
      const socks = Buffer.from([5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, target.port >> 8, target.port & 255])
      return alpha.forward(['-D', `127.0.0.1:${port}`], { port }, socks)
    },
    end: closed,
  },
  {
    name: 'forwarding of stdin',
    attempt: ({ alpha, target }) => alpha.ssh(['-W', `127.0.0.1:${target.port}`, account]),
    end: closed,
  },
  {
    name: 'a way on to another host',
    attempt: ({ alpha, target }) =>
      alpha.ssh([
        ...['-o', `ProxyCommand=ssh ${alpha.options.join(' ')} -W 127.0.0.1:${target.port} ${account}`],
        'root@onward',
      ]),
    end: closed,
  },
  {
    name: 'forwarding back of a port',
    attempt: ({ alpha, target }) =>
      alpha.ssh(['-N', '-o', 'ExitOnForwardFailure=yes', '-R', `0:127.0.0.1:${target.port}`, account]),
    end: /remote port forwarding failed/,
  },
  {
    name: 'forwarding back of what one asks for',
    attempt: ({ alpha }) => alpha.ssh(['-N', '-o', 'ExitOnForwardFailure=yes', '-R', '0', account]),
    end: /remote port forwarding failed/,
  },
  {
    name: 'forwarding back to a socket',
    attempt: ({ alpha }) =>
      alpha.ssh(['-N', '-o', 'ExitOnForwardFailure=yes', '-R', `${canary}:/dev/null`, account]),
    end: /remote port forwarding failed/,
  },
  {
    name: 'the agent',
    attempt: async ({ host, alphaKey, agent }) => {
      const requests = await sshRequests(host, alphaKey, agent.path)
      const end = await requests.request('ssh-add -l')
      requests.end()
      return end
    },
    end: /Unable to request agent forwarding/,
  },
  {
    name: 'X11',
    attempt: ({ alpha }) =>
      alpha.ssh(['-X', '-o', 'XAuthLocation=/bin/false', account, 'xclock'], {
        env: { DISPLAY: '127.0.0.1:99' },
      }),
    end: /X11 forwarding request failed/,
  },
  ...(existsSync('/dev/net/tun')
    ? [{ name: 'a tunnel', attempt: ({ alpha }: KeyKit) => alpha.tunnel(), end: /rejected tunnel/ }]
    : []),

  {
    name: 'sftp',
    attempt: ({ alpha }) =>
      run(['sftp', ...alpha.options, '-b', '-', account], { input: `put /etc/hostname ${canary}\n` }),
    end: /./,
  },
  { name: 'the subsystem sftp', attempt: ({ alpha }) => alpha.ssh(['-s', account, 'sftp']), end: 'refused' },
  {
    name: 'another subsystem',
    attempt: ({ alpha }) => alpha.ssh(['-s', account, 'netconf']),
    end: /subsystem request failed/,
  },
  {
    name: 'scp to it',
    attempt: ({ alpha }) => run(['scp', ...alpha.options, '/etc/hostname', `${account}:${canary}`]),
    end: /./,
  },
  {
    name: 'scp from it',
    attempt: ({ alpha, here }) => run(['scp', ...alpha.options, `${account}:/etc/shadow`, here('stolen')]),
    end: /./,
  },
  {
    name: 'scp to it, the old way',
    attempt: ({ alpha }) => run(['scp', '-O', ...alpha.options, '/etc/hostname', `${account}:${canary}`]),
    end: /./,
  },
  {
    name: 'scp from it, the old way',
    attempt: ({ alpha, here }) =>
      run(['scp', '-O', ...alpha.options, `${account}:/etc/shadow`, here('stolen')]),
    end: /./,
  },
  {
    name: 'rsync to it',
    attempt: ({ alpha }) =>
      run(['rsync', '-e', `ssh ${alpha.options.join(' ')}`, '/etc/hostname', `${account}:${canary}`]),
    end: /./,
  },
  {
    name: 'rsync from it',
    attempt: ({ alpha, here }) =>
      run(['rsync', '-e', `ssh ${alpha.options.join(' ')}`, `${account}:/etc/shadow`, here('stolen')]),
    end: /./,
  },

  { name: 'the account of root', attempt: as('root'), end: denied },
  { name: 'the account nobody', attempt: as('nobody'), end: denied },
  { name: 'the account sshd', attempt: as('sshd'), end: denied },
  { name: 'no account', attempt: as('operator'), end: denied },
  { name: 'the account in capitals', attempt: as('BREAKGLASS'), end: denied },
  {
    name: 'an address that the key is not for',
    attempt: ({ alpha }) => alpha.ssh(['-b', '127.0.0.2', account, 'status']),
    end: denied,
  },
  {
    name: 'a key that has ended',
    attempt: ({ expired }) => expired.ssh([account, 'status']),
    end: denied,
  },
  {
    name: 'a key that a trusted authority signed',
    attempt: ({ signed }) => signed.ssh([account, 'status']),
    end: denied,
  },
  {
    name: 'a password',
    attempt: ({ alpha }) =>
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
    attempt: ({ alpha }) =>
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
    attempt: ({ alpha }) =>
      alpha.ssh(['-o', 'PubkeyAuthentication=no', '-o', 'PreferredAuthentications=none', account, 'status']),
    end: denied,
  },
]
