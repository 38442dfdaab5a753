import { Readable } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import MailComposer from 'nodemailer/lib/mail-composer'
import SMTPConnection, { type SMTPError, type SentMessageInfo } from 'nodemailer/lib/smtp-connection'
import type { Leg } from '#app/schema/events.ts'

/** A mailbox and the server that takes its mail. */
export interface Mailbox {
  host: string
  port: number
  /** `starttls` is required, never optional; `implicit` is TLS from the first byte. */
  tls: 'starttls' | 'implicit'
  from: string
  login?: { user: string; password: string }
  /** In place of the system's certificate authorities. */
  ca?: ConnectionOptions['ca']
}

export interface Mail {
  to: string[]
  subject: string
  /** Plain text. */
  body: string
  /** Without angle brackets. The same mail has the same id, so that a repeat can be recognised. */
  id: string
}

export type Submission =
  /** At least one recipient's mail was taken. `rejected` are sentences. */
  | { state: 'taken'; accepted: string[]; rejected: string[]; reply: string }
  /** Nothing was sent. */
  | { state: 'refused'; leg: Leg; why: string }
  /** Contact was lost while it was handed over: it may have been taken. */
  | { state: 'unknown'; leg: Leg; why: string }

const limits = {
  dnsTimeout: 10_000,
  connectionTimeout: 10_000,
  greetingTimeout: 10_000,
  socketTimeout: 30_000,
  socketCloseTimeout: 0,
}

/** Hands one mail to the server. Never rejects for what the far side does. */
export async function submitMail(mailbox: Mailbox, mail: Mail, signal: AbortSignal): Promise<Submission> {
  if (signal.aborted) return refused(mailbox, new Error('cancelled'), signal)
  const message = await compose(mailbox, mail)
  const { host, port, tls, from, login, ca } = mailbox
  const connection = new SMTPConnection({
    ...{ host, port, secure: tls === 'implicit', requireTLS: true, ...limits },
    tls: { minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
  })
  const stop = Promise.withResolvers<never>()
  // Nobody may be waiting any more when the connection ends.
  stop.promise.catch(() => undefined)
  const onAbort = () => stop.reject(new Error('the wait was given up'))
  connection.on('error', stop.reject)
  connection.on('end', () => stop.reject(new Error('the server closed the connection')))
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  const step = <T>(
    begin: (done: (error?: Error | null, result?: T) => void) => void,
  ): Promise<T | undefined> => {
    const { promise, resolve, reject } = Promise.withResolvers<T | undefined>()
    begin((error, result) => (error ? reject(error) : resolve(result)))
    return Promise.race([stop.promise, promise])
  }
  let handedOver = false
  // Read only once the server has asked for the text: before that, nothing can have been taken.
  const text = Readable.from(
    (function* () {
      handedOver = true
      yield message
    })(),
  )
  try {
    await step((done) => connection.connect(done))
    if (login)
      await step((done) =>
        connection.login({ credentials: { user: login.user, pass: login.password } }, done),
      )
    const info = await step<SentMessageInfo>((done) => connection.send({ from, to: mail.to }, text, done))
    return {
      state: 'taken',
      accepted: info?.accepted ?? [],
      rejected: (info?.rejectedErrors ?? []).map(
        ({ recipient, response }) => `${recipient}: ${short(response)}`,
      ),
      reply: short(info?.response),
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return handedOver ? lost(mailbox, error, signal) : refused(mailbox, error, signal)
  } finally {
    signal.removeEventListener('abort', onAbort)
    text.destroy()
    connection.close()
  }
}

/** The text went out, and the server did not say that it took it. */
function lost({ host }: Mailbox, error: SMTPError, signal: AbortSignal): Submission {
  if (error.responseCode !== undefined)
    return { state: 'refused', leg: 'command', why: `${host} refused the mail: ${short(error.response)}` }
  const leg = signal.aborted ? 'cancelled' : error.code === 'ETIMEDOUT' ? 'timeout' : 'lost'
  const why = `Contact with ${host} was lost while the mail was handed over (${short(error.message)}): it may have been sent.`
  return { state: 'unknown', leg, why }
}

function refused({ host, port, tls }: Mailbox, error: SMTPError, signal: AbortSignal): Submission {
  const server = `${host}:${port}`
  const say = (leg: Leg, why: string): Submission => ({
    state: 'refused',
    leg,
    why: `${why} Nothing was sent.`,
  })
  const detail = short(error.response ?? error.message)
  if (signal.aborted) return say('cancelled', 'The wait for the mail server was given up.')
  if (/CERT|ALTNAME|ISSUER|SIGNATURE/.test(error.originalCode ?? ''))
    return say('host_key', `${server} shows a certificate that cannot be trusted: ${detail}.`)
  switch (error.code) {
    case 'EDNS':
      return say('name', `The name ${host} cannot be resolved: ${detail}.`)
    case 'ETLS': {
      const way = tls === 'starttls' ? 'STARTTLS' : 'TLS'
      return say('channel', `${server} does not do ${way}, which is required: ${detail}.`)
    }
    case 'EAUTH':
      return say('auth', `${server} refuses the mailbox's user name or password: ${detail}.`)
    case 'EENVELOPE':
    case 'EMESSAGE':
      return say('command', `${server} refuses the mail: ${detail}.`)
    default:
      return say('tcp', `The mail server ${server} cannot be reached: ${detail}.`)
  }
}

/** What a far side says goes no further than a line. */
function short(words = ''): string {
  return words
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, 300)
    .toWellFormed()
}

/** From is the mailbox, always; nothing in a mail is read from a file or an address. */
async function compose({ from }: Mailbox, { to, subject, body, id }: Mail): Promise<Buffer> {
  return await new MailComposer({
    ...{
      from: { name: 'Breakglass', address: from },
      to: to.map((address) => ({ name: '', address })),
      subject,
    },
    ...{ text: body, messageId: `<${id}>`, disableFileAccess: true, disableUrlAccess: true },
    // RFC 3834: no holiday note comes back.
    headers: { 'Auto-Submitted': 'auto-generated' },
  })
    .compile()
    .build()
}
