import { account, type KeyKit } from './keyKit.ts'
import { canary, type KeyWay } from './KeyWay.ts'
import { run, sshRequests } from './sshAttempts.ts'

// The client gives up where it gets none.
const noTerminal = /PTY allocation request failed/

const shell =
  (...more: string[]) =>
  ({ alpha }: KeyKit) =>
    alpha.ssh([...more, account], { input: `touch ${canary}\n` })
const env =
  (setting: string) =>
  ({ alpha }: KeyKit) =>
    alpha.ssh(['-o', `SetEnv=${setting}`, account, 'env'])

/** Ways to have something else run than a verb. */
export const commandWays: KeyWay[] = [
  { name: 'a shell', attempt: shell('-T'), end: 'refused' },
  { name: 'a shell on a terminal', attempt: shell('-tt'), end: noTerminal },
  {
    name: 'a command on a terminal',
    attempt: ({ alpha }) => alpha.ssh(['-tt', account, 'bash', '-i']),
    end: noTerminal,
  },
  { name: 'a terminal by an option', attempt: shell('-o', 'RequestTTY=force'), end: noTerminal },
  { name: 'a command by an option', attempt: shell('-o', 'RemoteCommand=/bin/sh'), end: 'refused' },
  {
    name: 'an option after the host',
    attempt: ({ alpha }) => alpha.ssh([account, 'status', '-o', 'x=y']),
    end: 'refused',
  },
  {
    name: 'a newline in the command',
    attempt: ({ alpha }) => alpha.ssh([account, `status\ntouch ${canary}`]),
    end: 'refused',
  },
  {
    name: 'command substitution',
    attempt: ({ alpha }) => alpha.ssh([account, `status $(touch ${canary})`]),
    end: 'refused',
  },
  {
    name: 'backticks',
    attempt: ({ alpha }) => alpha.ssh([account, `status \`touch ${canary}\``]),
    end: 'refused',
  },
  { name: 'a glob', attempt: ({ alpha }) => alpha.ssh([account, 'stat*']), end: 'refused' },
  { name: '64 KiB', attempt: ({ alpha }) => alpha.ssh([account, 'A'.repeat(65_536)]), end: 'refused' },
  {
    // More than one argument of a program can have: sshd cannot even start the forced command.
    name: '200 KiB',
    attempt: async ({ alphaKey, host }) => {
      const requests = await sshRequests(host, alphaKey)
      const end = await requests.request('A'.repeat(200_000))
      requests.end()
      return end
    },
    end: /^/,
  },
  {
    name: 'bytes that are no text',
    attempt: ({ alpha }) =>
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
    attempt: ({ alpha }) =>
      alpha.ssh([account, `cat >${canary}`], { input: Buffer.alloc(8_000_000, 'stop\n') }),
    end: 'refused',
  },
  { name: 'LD_PRELOAD', attempt: env('LD_PRELOAD=/tmp/x.so'), end: 'refused' },
  { name: 'BASH_ENV', attempt: env(`BASH_ENV=${canary}`), end: 'refused' },
  { name: 'ENV', attempt: env(`ENV=$(touch$\{IFS}${canary})`), end: 'refused' },
  { name: 'PATH', attempt: env('PATH=/tmp'), end: 'refused' },
  { name: 'a locale', attempt: env(`LC_ALL=$(touch$\{IFS}${canary})`), end: 'refused' },
  { name: 'a request by the environment', attempt: env('SSH_ORIGINAL_COMMAND=stop'), end: 'refused' },
  {
    name: 'variables that are sent along',
    attempt: ({ alpha }) =>
      alpha.ssh(['-o', 'SendEnv=LC_* BASH_FUNC_* PERL5OPT', account, 'env'], {
        env: {
          LC_PAPER: `$(touch ${canary})`,
          PERL5OPT: '-Mx',
          'BASH_FUNC_status%%': `() { touch ${canary}; }`,
        },
      }),
    end: 'refused',
  },
]
