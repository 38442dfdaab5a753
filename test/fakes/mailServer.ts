import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'

export interface MailServerOptions {
  /** Offers no STARTTLS. */
  plain?: boolean
  /** TLS from the first byte. */
  implicit?: boolean
  /** Recipients that it refuses. */
  unknown?: string[]
  /** Called with each mail before the server says that it took it; what it throws refuses the mail. */
  onMail?: (mail: ReceivedMail) => void | Promise<void>
}

export interface ReceivedMail {
  from: string
  to: string[]
  /** Headers and body as they came. */
  text: string
  secure: boolean
}

export interface MailServer {
  port: number
  user: string
  password: string
  /** The certificate that it shows, for `ca`. */
  ca: string
  received: ReceivedMail[]
  stop(): Promise<void>
}

const user = 'console'
const password = 'a-secret-of-the-test'

/** A real SMTP server on loopback, with a certificate of its own making. */
export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const { plain = false, implicit = false, unknown = [], onMail } = options
  const { key, cert } = makeCertificate()
  const received: ReceivedMail[] = []
  const server = new SMTPServer({
    ...{ key, cert, secure: implicit, hideSTARTTLS: plain, disabledCommands: plain ? ['STARTTLS'] : [] },
    // A server without TLS that takes a password is the trap to be seen.
    allowInsecureAuth: plain,
    closeTimeout: 100,
    onAuth(auth, _session, done) {
      if (auth.username === user && auth.password === password) done(null, { user })
      else done(new Error('no such mailbox or password'))
    },
    onRcptTo({ address }, _session, done) {
      done(unknown.includes(address) ? new Error('no such person') : null)
    },
    onData(stream, { envelope, secure }, done) {
      const take = async () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        const to = envelope.rcptTo.map(({ address }) => address)
        const mail = { from, to, text: await text(stream), secure }
        await onMail?.(mail)
        received.push(mail)
      }
      take().then(
        () => done(null, 'taken'),
        (error: Error) => done(error),
      )
    },
  })
  // A client that goes away is part of the tests.
  server.on('error', () => undefined)
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address() as AddressInfo // a TCP server's
  return {
    ...{ port, user, password, ca: cert, received },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function makeCertificate(): { key: string; cert: string } {
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const name = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const pem = execFileSync('openssl', ['req', '-x509', ...kind, ...name, '-keyout', '-', '-out', '-'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const part = (label: string) =>
    new RegExp(`-----BEGIN ${label}-----[^]*?-----END ${label}-----`).exec(pem)?.[0] ?? ''
  return { key: part('PRIVATE KEY'), cert: part('CERTIFICATE') }
}
