import { argon2, createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** One line of the token file. */
export interface TokenEntry {
  name: string
  id: string
  /** `$scrypt$…` or `$argon2id$…`, the hash of the whole token in PHC form. */
  phc: string
}

const argon2Async = promisify(argon2)
const scryptAsync = promisify<Buffer | string, Buffer, number, object, Buffer>(scrypt)

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/
const tokenPattern = /^bg_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/

export function isTokenName(name: string): boolean {
  return namePattern.test(name)
}

/**
 * Makes a token and the line for the token file: `NAME:ID:HASH`.
 *
 * The token is `bg_<id>_<secret>` with 256 random bits as its secret. The id is drawn from the secret by a one-way
 * function: a wrong secret beside a known id is seen without hashing, so that nobody but the holder of a right
 * token can make the server hash.
 */
export async function createToken(name: string): Promise<{ token: string; hash: string }> {
  const secret = randomBytes(32).toString('base64url')
  const id = idOf(secret)
  const token = `bg_${id}_${secret}`
  const salt = randomBytes(16)
  const key = await scryptAsync(token, salt, 32, { N: 2 ** 14, r: 8, p: 1 })
  return { token, hash: `${name}:${id}:$scrypt$ln=14,r=8,p=1$${unpadded(salt)}$${unpadded(key)}` }
}

/** The id that a well-formed token of this server carries; undefined for anything else. */
export function tokenId(token: string): string | undefined {
  const [, id, secret] = tokenPattern.exec(token) ?? []
  return id !== undefined && secret !== undefined && idOf(secret) === id ? id : undefined
}

/** Reads one line of the token file, with or without the `hash=` it was printed after; undefined if malformed. */
export function parseTokenLine(line: string): TokenEntry | undefined {
  const match = /^(?:hash=)?([^:]+):([0-9a-f]{16}):(\$\S+)$/.exec(line.trim())
  const [, name, id, phc] = match ?? []
  if (name === undefined || id === undefined || phc === undefined) return undefined
  return isTokenName(name) && parsePhc(phc) ? { name, id, phc } : undefined
}

/** Whether `token` is the one that was hashed. Takes about 30 ms of a pool thread. */
export async function verifyToken(phc: string, token: string): Promise<boolean> {
  const parsed = parsePhc(phc)
  if (!parsed) return false
  return timingSafeEqual(await parsed.derive(token), parsed.hash)
}

interface ParsedHash {
  hash: Buffer
  derive(token: string): Promise<Buffer>
}

/** The limits keep a mistyped cost from taking the machine, and an empty hash from matching everything. */
function parsePhc(phc: string): ParsedHash | undefined {
  const scryptMatch = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(phc)
  const argonMatch = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(phc)
  const [, a, b, c, saltText = '', hashText = ''] = scryptMatch ?? argonMatch ?? []
  const [first, second, third] = [Number(a), Number(b), Number(c)]
  const salt = Buffer.from(saltText, 'base64')
  const hash = Buffer.from(hashText, 'base64')
  if (salt.length < 8 || salt.length > 64 || hash.length < 32 || hash.length > 64) return undefined
  if (scryptMatch) {
    if (first < 10 || first > 17 || second < 1 || second > 16 || third < 1 || third > 4) return undefined
    const cost = { N: 2 ** first, r: second, p: third, maxmem: 256 * 2 ** first * second }
    return { hash, derive: (token) => scryptAsync(token, salt, hash.length, cost) }
  }
  if (first < 8 * third || first > 256 * 1024 || second < 1 || second > 16 || third < 1 || third > 8)
    return undefined
  const cost = { memory: first, passes: second, parallelism: third, tagLength: hash.length, nonce: salt }
  return { hash, derive: (token) => argon2Async('argon2id', { message: token, ...cost }) }
}

function idOf(secret: string): string {
  return createHash('sha256').update(`breakglass token id\0${secret}`).digest('hex').slice(0, 16)
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}
