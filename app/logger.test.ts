import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { until } from '../test/fakes/breakglass.ts'
import { redact } from '#app/policy/redact.ts'
import { createLogger, type LoggerOptions } from './logger.ts'

async function capture(readable: boolean, options: Pick<LoggerOptions, 'redact'> = {}) {
  let text = ''
  const destination = new Writable({
    write(piece: Buffer, _encoding, done) {
      text += piece.toString()
      done()
    },
  })
  const logger = await createLogger({ readable, destination, ...options })
  return { logger, text: () => text }
}

test('a line is JSON, with what it belongs to', async () => {
  const { logger, text } = await capture(false)
  logger.child({ session: 's1', turn: 't1' }).warn({ attach: 'a1' }, 'slow')
  const line = JSON.parse(text()) as Record<string, unknown>
  expect(line).toMatchObject({ level: 'warn', session: 's1', turn: 't1', attach: 'a1', msg: 'slow' })
  expect(Date.parse(String(line.time))).toBeGreaterThan(0)
})

test.each([
  ['a header', { headers: { authorization: 'hunter2', cookie: 'hunter2' } }],
  ['a field', { token: 'hunter2', a: { secret: 'hunter2', b: { password: 'hunter2' } } }],
  [
    'what a library hung on its error',
    { err: Object.assign(new Error('x'), { command: { args: ['hunter2'] } }) },
  ],
  ['a URL in an error', { err: new Error('connect rediss://user:hunter2@host:6379 failed') }],
  ['a URL in the cause of an error', { err: new Error('x', { cause: new Error('redis://:hunter2@host') }) }],
  ['something thrown that is no error', { err: 'hunter2' }],
])('a secret is not logged: %s', async (_what, fields) => {
  for (const readable of [false, true]) {
    const { logger, text } = await capture(readable)
    logger.error(fields, 'told')
    await until('the line', () => text().includes('told') && text().endsWith('\n'))
    expect(text()).not.toContain('hunter2')
  }
})

test('an error is logged with its kind, code, stack and cause', async () => {
  const { logger, text } = await capture(false)
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  logger.error({ err: new TypeError('outer', { cause }) }, 'x')
  expect(JSON.parse(text())).toMatchObject({
    err: {
      type: 'TypeError',
      message: 'outer',
      stack: expect.stringContaining('logger.test.ts') as string,
      cause: { message: 'refused', code: 'ECONNREFUSED' },
    },
  })
})

const key = 'sk-ant-api03-' + 'aB3'.repeat(25)
const block = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----'
const carrier = (text: string) => new Error('outer', { cause: new Error(text) })

test.each<[string, string, (log: Awaited<ReturnType<typeof capture>>['logger']) => void]>([
  ['its message', key, (logger) => logger.info(`key ${key} was refused`)],
  ['its message, by place', key, (logger) => logger.info('key %s was refused', key)],
  ['a field', key, (logger) => logger.info({ deep: { list: [`Authorization: Bearer ${key}`] } }, 'x')],
  ['a field of a child', key, (logger) => logger.child({ attach: key }).info('x')],
  ['an error and its stack', key, (logger) => logger.error({ err: new Error(`401 for ${key}`) }, 'x')],
  ['an error alone', key, (logger) => logger.error(new Error(`401 for ${key}`))],
  ['the cause of an error', key, (logger) => logger.error({ err: carrier(`401 for ${key}`) }, 'x')],
  ['several lines', 'MIIEvQ', (logger) => logger.error({ err: carrier(`bad key ${block}`) }, 'x')],
  ['quotes', 'hunter22', (logger) => logger.warn({ body: '{"password":"hunter22\\"}' }, 'x')],
])('a secret in %s is hidden, and the line stays JSON', async (_where, secret, write) => {
  const { logger, text } = await capture(false, { redact })
  write(logger)
  expect(JSON.parse(text())).toMatchObject({ level: expect.any(String) as string })
  expect(text()).toMatch(/\[hidden/)
  expect(text()).not.toContain(secret)

  const terminal = await capture(true, { redact })
  write(terminal.logger)
  await until('the line', () => terminal.text().endsWith('\n'))
  expect(terminal.text()).toMatch(/\[hidden/)
  expect(terminal.text()).not.toContain(secret)
})

test('what a line belongs to is not taken for a secret', async () => {
  const { logger, text } = await capture(false, { redact })
  const fields = {
    request: '7b0c5f7e-2f0e-4b0e-9a55-0f2f5b1c2d3e',
    session: '0123456789abcdef',
    turn: 't-a1b2c3d4-0123456789abcdef',
    op: '0123456789abcdef0123456789abcdef',
    ms: 12.5,
    none: null,
  }
  logger.info(fields, 'request')
  expect(JSON.parse(text())).toMatchObject({ ...fields, msg: 'request' })
})

test('a line that cannot be made safe is left out, and nothing is thrown', async () => {
  const broken = () => {
    throw new Error('broken')
  }
  const { logger, text } = await capture(false, { redact: broken })
  logger.info('hunter2')
  expect(JSON.parse(text())).toMatchObject({
    level: 'error',
    msg: expect.stringMatching(/left out/) as string,
  })
  expect(text()).not.toContain('hunter2')
})
