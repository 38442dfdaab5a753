import { createHash, timingSafeEqual } from 'node:crypto'
import type { ServerHostKeyAlgorithm } from 'ssh2'

export interface HostKey {
  type: string
  blob: Buffer
}

// An RSA key signs with SHA-2 only; `ssh-rsa` as an algorithm would be SHA-1.
const algorithmsOf = new Map<string, ServerHostKeyAlgorithm[]>([
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
])

/** The key of a line `type base64 [comment]`; null when it is no host key of a type that we know. */
export function parseHostKey(line: string): HostKey | null {
  const [type, encoded] = line.trim().split(/\s+/)
  if (type === undefined || encoded === undefined) return null
  const blob = Buffer.from(encoded, 'base64')
  if (keyType(blob) !== type || !algorithmsOf.has(type)) return null
  return { type, blob }
}

/** The type that a public key in SSH's wire format names itself. */
export function keyType(blob: Buffer): string {
  if (blob.length < 4) return ''
  return blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1')
}

/** `SHA256:…` as OpenSSH prints it. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

/** What to ask the server for: the types of the pinned keys and no other, in the order of the pins. */
export function hostKeyAlgorithms(pinned: HostKey[]): ServerHostKeyAlgorithm[] {
  return [...new Set(pinned.flatMap(({ type }) => algorithmsOf.get(type) ?? []))]
}

/** Whether the server's key is one of the pinned; takes the same time for every key of a given length. */
export function isPinned(pinned: HostKey[], blob: Buffer): boolean {
  const found = pinned.filter((key) => key.blob.length === blob.length && timingSafeEqual(key.blob, blob))
  return found.length > 0
}
