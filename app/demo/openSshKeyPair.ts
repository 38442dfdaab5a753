import { generateKeyPairSync, randomBytes } from 'node:crypto'

export interface OpenSshKeyPair {
  /** In the format of `ssh-keygen`, without a passphrase. */
  privateKey: string
  /** `ssh-ed25519 AAAA…` */
  publicKey: string
}

/** A new ed25519 key pair, without loading an SSH library. Format: PROTOCOL.key of OpenSSH. */
export function openSshKeyPair(): OpenSshKeyPair {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const seed = Buffer.from(d, 'base64url')
  const point = Buffer.from(x, 'base64url')
  const type = field('ssh-ed25519')
  const publicBlob = Buffer.concat([type, field(point)])
  const check = randomBytes(4)
  const secret = Buffer.concat([
    check,
    check,
    type,
    field(point),
    field(Buffer.concat([seed, point])),
    field(''),
  ])
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7]).subarray(0, (8 - (secret.length % 8)) % 8)
  const none = field('none')
  const one = Buffer.from([0, 0, 0, 1])
  const key = [Buffer.from('openssh-key-v1\0'), none, none, field(''), one, field(publicBlob)]
  const text = Buffer.concat([...key, field(Buffer.concat([secret, padding]))]).toString('base64')
  return {
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${text.replace(/.{70}/g, '$&\n')}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicKey: `ssh-ed25519 ${publicBlob.toString('base64')}`,
  }
}

/** A string of the SSH protocols: its length in four bytes, then its bytes. */
function field(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
