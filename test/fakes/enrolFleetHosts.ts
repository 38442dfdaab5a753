import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fleetHostFolder, quote, type FleetRoot } from './fleetRoot.ts'
import { makeKey } from './sshd.ts'
import { run, type SshRun } from './sshAttempts.ts'

/** An operator's own machine, from which throw-away hosts are enrolled. */
export interface Operator {
  /** What `enrol.sh` said, without a terminal to ask on. */
  enrol(...args: string[]): Promise<SshRun>
  /** The same in a terminal, where the first words of a question are answered with a line. */
  enrolInTerminal(answers: Record<string, string>, ...args: string[]): Promise<SshRun>
  /** The ssh configuration, in which every host has its name. */
  config: string
  /** The service's key; `enrol.sh` makes it. */
  keyFile: string
}

/** Whose key root takes on every one of the hosts, and who knows their host keys but for those in `unknown`. */
export function operatorOf(hosts: FleetRoot[], folder: string, unknown: string[] = []): Operator {
  const admin = makeKey(folder, 'admin', 'ed25519')
  const line = readFileSync(`${admin}.pub`, 'utf8')
  const known = hosts.filter(({ name }) => !unknown.includes(name)).map(({ root }) => root.knownHosts)
  writeFileSync(join(folder, 'known_hosts'), known.join(''))
  for (const host of hosts) host.root.write('/root/.ssh/authorized_keys', line, 0o600)
  const all = [
    'Host *',
    `  UserKnownHostsFile ${join(folder, 'known_hosts')}`,
    '  GlobalKnownHostsFile /dev/null',
    '  IdentityAgent none',
    `  IdentityFile ${admin}`,
    '  IdentitiesOnly yes',
    '  User root',
    '  HostKeyAlgorithms ssh-ed25519',
  ]
  const each = hosts.flatMap(({ name, address, port }) => [
    `Host ${name}`,
    `  HostName ${address}`,
    `  Port ${port}`,
  ])
  const config = join(folder, 'ssh_config')
  // The first value counts.
  writeFileSync(config, [...each, ...all].join('\n'))
  const keyFile = join(folder, 'keys', 'fleet')
  const command = ['sh', join(fleetHostFolder, 'enrol.sh'), '--ssh-config', config, '--key', keyFile]
  return {
    config,
    keyFile,
    enrol: (...args) => run(['setsid', '--wait', ...command, ...args]),
    async enrolInTerminal(answers, ...args) {
      const line = [...command, ...args].map(quote).join(' ')
      const child = spawn('script', ['-qec', line, '/dev/null'], { stdio: 'pipe' })
      const open = new Map(Object.entries(answers))
      let stdout = ''
      child.stdout.setEncoding('utf8').on('data', (piece: string) => {
        stdout += piece
        for (const [question, answer] of open) {
          if (!stdout.includes(question)) continue
          open.delete(question)
          // Who asks for a password throws away what was typed before.
          setTimeout(() => child.stdin.write(`${answer}\n`), 300)
        }
      })
      const [code] = (await once(child, 'close')) as [number | null]
      return { code, stdout, stderr: '' }
    },
  }
}
