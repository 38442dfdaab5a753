import { afterEach, expect, it } from 'vitest'
import type { MailConfig } from '#app/schema/config.ts'
import { cuttableProxy } from '../../test/fakes/cuttableProxy.ts'
import { startMailServer, type MailServer, type MailServerOptions } from '../../test/fakes/mailServer.ts'
import { createRegistry } from './registry.ts'
import { sendEmailTool } from './sendEmail.ts'
import type { Prepared, ToolResult } from './Tool.ts'

const context = { sessionId: 's1', call: 'c1', target: 'devvm', operator: 'operator' }
const mail = {
  to: ['ops@example.org'],
  subject: 'Disk of devvm',
  body: 'It was full.\n.\nNow 40 % is free. 👩\u200D🔧️',
}

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function started(options: MailServerOptions = {}): Promise<MailServer> {
  const server = await startMailServer(options)
  stops.push(server.stop)
  return server
}

function configured(
  { port, user }: Pick<MailServer, 'port' | 'user'>,
  more: Partial<MailConfig> = {},
): MailConfig {
  const box = { from: 'console@example.org', recipients: ['Ops@Example.org'], strict: false }
  return { host: '127.0.0.1', tls: 'starttls', port, user, ...box, ...more }
}

async function prepare(deps: Parameters<typeof sendEmailTool>[0], input: unknown = mail): Promise<Prepared> {
  const tool = sendEmailTool(deps)
  if (!tool) throw new Error('no tool')
  const answer = await createRegistry([tool]).prepare('send_email', input, context)
  if ('refused' in answer) throw new Error(answer.refused)
  return answer.prepared
}

async function send(prepared: Prepared, signal = new AbortController().signal): Promise<ToolResult> {
  return await prepared.run({ signal, write: () => undefined, ask: () => Promise.reject(new Error('asked')) })
}

it('does not exist where no mailbox is configured', () => {
  expect(sendEmailTool({})).toBeNull()
})

it('sends from the configured mailbox over STARTTLS, as plain text', async () => {
  const server = await started()
  const { password, ca, received } = server
  const result = await send(await prepare({ mail: configured(server), password, ca }))
  expect(result).toMatchObject({ exitCode: 0, stderr: '' })
  expect(result.stdout).toContain('Taken for ops@example.org')
  expect(received).toMatchObject([{ from: 'console@example.org', to: ['ops@example.org'], secure: true }])
  expect(received[0]?.text).toMatch(/^From: Breakglass <console@example.org>\r$/m)
  expect(received[0]?.text).toMatch(/^Subject: Disk of devvm\r$/m)
  expect(received[0]?.text).toMatch(/^Content-Type: text\/plain/m)
  expect(received[0]?.text).toContain('It was full.\r\n.\r\nNow 40')
})

it('sends over TLS from the first byte where that is configured', async () => {
  const server = await started({ implicit: true })
  const { password, ca, received } = server
  const prepared = await prepare({ mail: configured(server, { tls: 'implicit' }), password, ca })
  expect(await send(prepared)).toMatchObject({ exitCode: 0 })
  expect(received).toMatchObject([{ secure: true }])
})

it('has no argument for who it comes from', async () => {
  const server = await started()
  const { password, ca, received } = server
  const input = { ...mail, from: 'ceo@example.org', sender: 'ceo@example.org' }
  await send(await prepare({ mail: configured(server), password, ca }, input))
  expect(received[0]?.from).toBe('console@example.org')
  expect(received[0]?.text).not.toContain('ceo')
})

it('shows what is bound: every recipient, the subject and the whole body', async () => {
  const { action, target } = await prepare(
    { mail: configured({ port: 1, user: 'u' }) },
    {
      ...mail,
      to: ['ops@example.org', 'OPS@example.org', 'b@example.org'],
    },
  )
  expect(action).toBe(`To: OPS@example.org, b@example.org\nSubject: Disk of devvm\n\n${mail.body}`)
  expect(target).toBe('')
})

const stranger = { ...mail, to: ['ops@example.org', 'stranger@elsewhere.net'] }
it.each([
  ['a listed recipient, whatever its case', mail, false, { type: 'write', readBack: false }],
  ['another one beside it', stranger, false, { type: 'ask', risk: 'medium', readBack: false }],
  ['another one, with strict', stranger, true, { type: 'deny' }],
])('judges %s', async (_, input, strict, verdict) => {
  const prepared = await prepare({ mail: configured({ port: 1, user: 'u' }, { strict }) }, input)
  expect(prepared.verdict).toMatchObject(verdict)
  if (input === stranger)
    expect(prepared.verdict).toMatchObject({ why: expect.stringContaining('stranger@elsewhere.net') })
})

it('sends nothing when it is denied, even if it is run', async () => {
  const server = await started()
  const { password, ca, received } = server
  const prepared = await prepare({ mail: configured(server, { strict: true }), password, ca }, stranger)
  expect(await send(prepared)).toMatchObject({ exitCode: null, failedLeg: 'command' })
  expect(received).toEqual([])
})

it.each([
  ['a line break in the subject', { ...mail, subject: 'x\r\nBcc: all@example.org' }],
  ['a bare line feed in the subject', { ...mail, subject: 'x\nBcc: all@example.org' }],
  ['text that turns around in the subject', { ...mail, subject: 'pay \u202Eeno ruoy' }],
  ['text that turns around in the body', { ...mail, body: 'pay \u202Eeno ruoy' }],
  ['letters that are not seen in the body', { ...mail, body: 'x\u{E0041}\u{E0042}' }],
  ['a carriage return in the body', { ...mail, body: 'x\r.\r\nMAIL FROM:<a@b.c>' }],
  ['a line break in an address', { ...mail, to: ['ops@example.org\r\nRCPT TO:<x@example.org>'] }],
  ['two addresses in one', { ...mail, to: ['ops@example.org, x@example.org'] }],
  ['a name before an address', { ...mail, to: ['Ops <x@example.org>'] }],
  ['six recipients', { ...mail, to: Array.from({ length: 6 }, (_, n) => `p${n}@example.org`) }],
  ['none', { ...mail, to: [] }],
  ['a body that is no text', { ...mail, body: { path: '/etc/passwd' } }],
])('refuses %s', async (_, input) => {
  await expect(prepare({ mail: configured({ port: 1, user: 'u' }) }, input)).rejects.toThrow(
    'was called wrongly',
  )
})

it('is told to a model without patterns, which local servers may not know', () => {
  const tool = sendEmailTool({ mail: configured({ port: 1, user: 'u' }) })
  const [spec] = createRegistry(tool ? [tool] : []).specs(['send_email'])
  expect(JSON.stringify(spec)).toContain('"subject"')
  expect(JSON.stringify(spec)).not.toContain('"pattern"')
})

it('says nothing, and no password, to a server without STARTTLS', async () => {
  const server = await started({ plain: true })
  const result = await send(await prepare({ mail: configured(server), password: server.password }))
  expect(result).toMatchObject({ exitCode: null, failedLeg: 'channel' })
  expect(result.failure).toMatch(/does not do STARTTLS, which is required.*Nothing was sent\./)
  expect(server.received).toEqual([])
})

it.each(['starttls', 'implicit'] as const)(
  'trusts no certificate that is not vouched for (%s)',
  async (tls) => {
    const server = await started({ implicit: tls === 'implicit' })
    const result = await send(await prepare({ mail: configured(server, { tls }), password: server.password }))
    expect(result).toMatchObject({ exitCode: null, failedLeg: 'host_key' })
    expect(result.failure).toContain('certificate that cannot be trusted')
    expect(server.received).toEqual([])
  },
)

it('says that the password is wrong, and not the password', async () => {
  const server = await started()
  const prepared = await prepare({ mail: configured(server), password: 'wrong-one', ca: server.ca })
  const result = await send(prepared)
  expect(result).toMatchObject({ exitCode: null, failedLeg: 'auth' })
  expect(result.failure).toContain('no such mailbox or password')
  expect(JSON.stringify(result)).not.toContain('wrong-one')
})

it('tells who is refused when others are taken', async () => {
  const server = await started({ unknown: ['gone@example.org'] })
  const { password, ca } = server
  const input = { ...mail, to: ['ops@example.org', 'gone@example.org'] }
  const result = await send(await prepare({ mail: configured(server), password, ca }, input))
  expect(result).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('ops@example.org') })
  expect(result.stderr).toMatch(/Refused for gone@example.org: 550 .*no such person/)
  expect(server.received).toMatchObject([{ to: ['ops@example.org'] }])
})

it('tells that all are refused', async () => {
  const server = await started({ unknown: ['ops@example.org'] })
  const { password, ca } = server
  const result = await send(await prepare({ mail: configured(server), password, ca }))
  expect(result).toMatchObject({ exitCode: null, failedLeg: 'command' })
  expect(result.failure).toContain('no such person')
})

it('tells that the text is refused', async () => {
  const server = await started({ onMail: () => Promise.reject(new Error('looks like spam')) })
  const { password, ca } = server
  const result = await send(await prepare({ mail: configured(server), password, ca }))
  expect(result).toMatchObject({ exitCode: null, failedLeg: 'command' })
  expect(result.failure).toContain('looks like spam')
})

it('does not know the end when the connection breaks after the text', async () => {
  const cut: { now?: () => void } = {}
  const server = await started({ onMail: () => cut.now?.() })
  const proxy = await cuttableProxy({ host: '127.0.0.1', port: server.port })
  stops.unshift(proxy.stop)
  cut.now = proxy.cut
  const { password, ca, user } = server
  const result = await send(await prepare({ mail: configured({ port: proxy.port, user }), password, ca }))
  expect(result).toMatchObject({ exitCode: null, failedLeg: 'lost' })
  expect(result.failure).toContain('it may have been sent')
  expect(server.received).toHaveLength(1)
})

it('ends at once on cancel, and says that it may have been sent', async () => {
  const cancel = new AbortController()
  const never = Promise.withResolvers<void>()
  const server = await started({
    onMail: () => {
      cancel.abort('cancelled')
      return never.promise
    },
  })
  const { password, ca } = server
  const result = await send(await prepare({ mail: configured(server), password, ca }), cancel.signal)
  never.resolve()
  expect(result).toMatchObject({ exitCode: null, failedLeg: 'cancelled' })
  expect(result.failure).toContain('it may have been sent')
})

it('sends nothing after a cancel', async () => {
  const server = await started()
  const { password, ca } = server
  const prepared = await prepare({ mail: configured(server), password, ca })
  expect(await send(prepared, AbortSignal.abort('cancelled'))).toMatchObject({
    exitCode: null,
    failedLeg: 'cancelled',
  })
  expect(server.received).toEqual([])
})

it('names the server that cannot be reached', async () => {
  const server = await startMailServer()
  await server.stop()
  const result = await send(await prepare({ mail: configured(server) }))
  expect(result).toMatchObject({ exitCode: null, failedLeg: 'tcp' })
  expect(result.failure).toContain(`127.0.0.1:${server.port} cannot be reached`)
})

it('gives the same call the same id', async () => {
  const server = await started()
  const { password, ca, received } = server
  const deps = { mail: configured(server), password, ca }
  await send(await prepare(deps))
  await send(await prepare(deps))
  const ids = received.map(({ text }) => /^Message-ID: (.*)\r$/m.exec(text)?.[1])
  expect(ids[0]).toMatch(/^<[0-9a-f]{32}@example.org>$/)
  expect(ids[1]).toBe(ids[0])
})
