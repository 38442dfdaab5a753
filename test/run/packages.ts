import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'

/** Debian packages that the tests need, each with a command that it brings. */
const commands: Record<string, string> = {
  busybox: 'busybox',
  chromium: 'chromium',
  e2fsprogs: 'mkfs.ext4',
  faketime: 'faketime',
  fish: 'fish',
  mount: 'mount',
  'openssh-client': 'ssh-keygen',
  'openssh-server': 'sshd',
  openssl: 'openssl',
  'perl-base': 'perl',
  procps: 'ps',
  'qemu-system-x86': 'qemu-system-x86_64',
  'qemu-utils': 'qemu-nbd',
  'redis-server': 'redis-server',
  rsync: 'rsync',
  shellcheck: 'shellcheck',
  sudo: 'sudo',
  tmux: 'tmux',
  'util-linux': 'setsid',
  zsh: 'zsh',
}

function has(command: string): boolean {
  const folders = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`.split(':')
  return folders.some((folder) => {
    try {
      accessSync(`${folder}/${command}`, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function missing(): string[] {
  return Object.entries(commands).flatMap(([name, command]) => (has(command) ? [] : [name]))
}

function aptGet(...args: string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const { status } = spawnSync('apt-get', args, {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: 600_000,
  })
  return status === 0
}

/** Installs what is missing, when it may. Returns null when all is there, else what a person has to do. */
export function installPackages(): string | null {
  const names = missing()
  if (names.length === 0) return null
  if (process.getuid?.() === 0 && has('apt-get')) {
    const install = ['install', '-y', '--no-install-recommends', ...names]
    // The lists may be missing or old; they are fetched only then.
    if (aptGet(...install) || (aptGet('update') && aptGet(...install))) return null
  }
  return `the tests need: apt-get update && apt-get install -y --no-install-recommends ${missing().join(' ')}`
}
