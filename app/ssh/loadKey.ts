import { readFile, stat } from 'node:fs/promises'
import type { ParsedKey } from 'ssh2'
import { fingerprint } from './hostKey.ts'
import type { SshKey } from './SshDestination.ts'

/** What ssh2 signs with; `label` names the key for the operator, without its secret. */
export type LoadedKey =
  { type: 'publickey'; privateKey: string; label: string } | { type: 'agent'; agent: string; label: string }

/**
 * Reads and checks a key, each time anew, so that a replaced file counts at the next connection.
 * A key that cannot be used is told in a sentence that says what to do.
 */
export async function loadKey(key: SshKey): Promise<LoadedKey | { problem: string }> {
  if ('agent' in key) return { type: 'agent', agent: key.agent, label: `the SSH agent at ${key.agent}` }
  if ('privateKey' in key) return checkKey(key.privateKey, 'The private key')
  const name = `The key file ${key.file}`
  let text: string
  try {
    if (!(await stat(key.file)).isFile()) return { problem: `${name} is not a regular file.` }
    text = await readFile(key.file, 'utf8')
  } catch (error) {
    return { problem: `${name} ${unreadable((error as NodeJS.ErrnoException).code)}.` } // what node:fs throws
  }
  return checkKey(text, name)
}

function unreadable(code: string | undefined): string {
  if (code === 'ENOENT') return 'does not exist: create it, or correct its path'
  if (code === 'EACCES') return 'cannot be read by this process: correct its owner or mode'
  return `cannot be read (${code ?? 'unknown error'})`
}

async function checkKey(text: string, name: string): Promise<LoadedKey | { problem: string }> {
  if (/^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/m.test(text)) {
    return {
      problem: `${name} is in PKCS#8 format, which is not supported: make one in OpenSSH format with \`ssh-keygen -t ed25519\`.`,
    }
  }
  const { default: ssh2 } = await import('ssh2')
  const parsed: unknown = ssh2.utils.parseKey(text)
  if (parsed instanceof Error) {
    const advice = /encrypted|passphrase/i.test(parsed.message)
      ? 'is protected by a passphrase, which nobody can type here: use a key without one (`ssh-keygen -p -N ""`) or an SSH agent'
      : 'is not a private key in OpenSSH format: make one with `ssh-keygen -t ed25519`'
    return { problem: `${name} ${advice}.` }
  }
  const first = (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey // all that parseKey gives but errors
  if (!first.isPrivateKey()) {
    return { problem: `${name} holds a public key: give the private one, the file without \`.pub\`.` }
  }
  return { type: 'publickey', privateKey: text, label: `key ${fingerprint(first.getPublicSSH())}` }
}
