import pino, { type Logger } from 'pino'

/**
 * Children carry what a line belongs to, under these names: `request`, `session`, `turn`, `attach`.
 * Content (prompts, outputs, bodies) is never logged.
 */
export type { Logger }

const secretNames = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'passphrase',
  'privateKey',
  'apiKey',
]

export interface LoggerOptions {
  /** Where the lines go. */
  destination: { write: (line: string) => void }
  /** Readable lines instead of JSON. */
  readable?: boolean
  /** Hides secrets in every text of a line: its message, its fields, errors with their stacks and causes. */
  redact?: (text: string) => string
}

/** The process's logger: one JSON line an entry, or readable lines on a terminal. */
export async function createLogger({
  destination,
  readable = false,
  redact = (text) => text,
}: LoggerOptions): Promise<Logger> {
  const options: pino.LoggerOptions = {
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[hidden]' },
    serializers: { err: describeError, error: describeError },
  }
  const pretty = readable
    ? (await import('pino-pretty')).prettyFactory({ translateTime: 'SYS:HH:MM:ss', colorize: true })
    : (line: string) => line
  return pino(options, {
    write: (line: string) => destination.write(pretty(redactLine(line, redact))),
  })
}

/**
 * The finished line with its secrets hidden. It is taken apart for that: in JSON a secret of several lines cannot be
 * seen, and quotes may go along with one. Never throws: who logs has other worries.
 */
function redactLine(line: string, redact: (text: string) => string): string {
  const clean = (_key: string, value: unknown): unknown => (typeof value === 'string' ? redact(value) : value)
  try {
    return `${JSON.stringify(JSON.parse(line), clean)}\n`
  } catch {
    return `${JSON.stringify({ level: 'error', time: new Date().toISOString(), msg: 'a line was left out: it could not be made safe' })}\n`
  }
}

interface DescribedError {
  type: string
  message: string
  code?: string
  stack?: string
  cause?: DescribedError
}

/** Only these fields: libraries hang arguments, headers and keys on their errors. */
function describeError(error: unknown, depth = 0): DescribedError {
  if (!(error instanceof Error))
    return { type: typeof error, message: 'something that is no Error was thrown' }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return {
    type: error.name,
    message: hidePasswords(error.message),
    ...(code !== undefined && { code }),
    ...(error.stack !== undefined && { stack: hidePasswords(error.stack) }),
    ...(error.cause !== undefined && depth < 4 && { cause: describeError(error.cause, depth + 1) }),
  }
}

/** `redis://user:password@host` → `redis://user:[hidden]@host` */
function hidePasswords(text: string): string {
  return text.replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/]*:)[^\s@]*@/gi, '$1[hidden]@')
}
