import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { MailConfig } from '#app/schema/config.ts'
import { submitMail, type Mail, type Mailbox, type Submission } from './mail/submitMail.ts'
import type { Tool, ToolResult, Verdict } from './Tool.ts'
import { notRun } from './notRun.ts'

/**
 * Control characters, and what is not seen or turns the direction of writing (not the two that join emoji): what an
 * operator reads must be what is sent.
 */
const hidden = /[\p{Cc}\p{Zl}\p{Zp}]|(?!\u200D|\uFE0F)\p{Default_Ignorable_Code_Point}/u
const address = z.email().max(254)

// Checks rather than patterns: local servers turn the patterns of a schema into grammars, and few know all of these.
const parameters = z.object({
  to: z
    .array(z.string().refine((one) => address.safeParse(one).success, 'an e-mail address'))
    .min(1)
    .max(5)
    .describe('Addresses, without names.'),
  subject: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .refine((text) => !hidden.test(text), 'one line without hidden characters'),
  body: z
    .string()
    .min(1)
    .max(20_000)
    .refine((text) => !hidden.test(text.replaceAll(/[\n\t]/g, '')), 'text without hidden characters')
    .describe('Plain text: what is wrong, the evidence, what was done, what is left.'),
})
export type SendEmailInput = z.infer<typeof parameters>

export interface SendEmailDeps {
  /** Absent: mail is off. */
  mail?: MailConfig | undefined
  password?: string | undefined
  /** In place of the system's certificate authorities. */
  ca?: Mailbox['ca']
}

/** Sends one mail from the configured mailbox; null where none is configured. */
export function sendEmailTool({ mail, password, ca }: SendEmailDeps): Tool<SendEmailInput> | null {
  if (!mail) return null
  const { recipients, strict, from } = mail
  const mailbox = mailboxOf(mail, password, ca)
  const listed = new Set(recipients.map((one) => one.toLowerCase()))
  const others = strict ? 'others are refused' : 'for others an operator is asked'
  const known = recipients.length === 0 ? 'nobody' : recipients.join(', ')
  return {
    name: 'send_email',
    description: `Sends one mail in plain text from ${from}. It may write to ${known} without asking; ${others}. A mail cannot be taken back.`,
    parameters,
    timeoutMs: 90_000,
    prepare({ to: asked, subject, body }, { sessionId, call }) {
      const to = [...new Map(asked.map((one) => [one.toLowerCase(), one])).values()]
      const verdict = verdictOf(
        to.filter((one) => !listed.has(one.toLowerCase())),
        strict,
      )
      const id = idOf(sessionId, call, from)
      return {
        action: `To: ${to.join(', ')}\nSubject: ${subject}\n\n${body}`,
        target: '',
        verdict,
        async run({ signal }) {
          if (verdict.type === 'deny') return notRun('command', verdict.why)
          const begun = Date.now()
          const submission = await submitMail(mailbox, { to, subject, body, id }, signal)
          return toResult(submission, Date.now() - begun)
        },
      }
    },
  }
}

function mailboxOf(mail: MailConfig, password = '', ca: Mailbox['ca']): Mailbox {
  const { host, tls, port = tls === 'implicit' ? 465 : 587, user, from } = mail
  return {
    ...{ host, port, tls, from },
    ...(user !== undefined && { login: { user, password } }),
    ...(ca !== undefined && { ca }),
  }
}

function verdictOf(strangers: string[], strict: boolean): Verdict {
  if (strangers.length === 0)
    return { type: 'write', why: 'All recipients are in the configured list.', readBack: false }
  const names = strangers.join(', ')
  const are = strangers.length === 1 ? 'is' : 'are'
  if (strict)
    return { type: 'deny', why: `${names} ${are} not in the list of recipients, and no others are allowed.` }
  const why = `${names} ${are} not in the list of recipients: what this session found would leave to there.`
  return { type: 'ask', why, risk: 'medium', undo: 'A mail cannot be taken back.', readBack: false }
}

function toResult(submission: Submission, durationMs: number): ToolResult {
  const none = { exitCode: null, stdout: '', stderr: '', truncated: false, durationMs }
  if (submission.state !== 'taken') return { ...none, failedLeg: submission.leg, failure: submission.why }
  const { accepted, rejected, reply } = submission
  const taken = `Taken for ${accepted.join(', ')}. The server said: ${reply}\n`
  return {
    ...none,
    exitCode: rejected.length === 0 ? 0 : 1,
    stdout: taken,
    stderr: rejected.map((one) => `Refused for ${one}\n`).join(''),
  }
}

/** The same call has the same id: a mail that came twice is known for one. */
function idOf(sessionId: string, call: string, from: string): Mail['id'] {
  const hash = createHash('sha256')
    .update(JSON.stringify(['mail', sessionId, call]))
    .digest('hex')
  return `${hash.slice(0, 32)}@${from.slice(from.lastIndexOf('@') + 1)}`
}
