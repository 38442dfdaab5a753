import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { until } from '../test/fakes/breakglass.ts'
import { createLogger } from './logger.ts'

async function capture(readable: boolean) {
  let text = ''
  const destination = new Writable({
    write(piece: Buffer, _encoding, done) {
      text += piece.toString()
      done()
    },
  })
  const logger = await createLogger({ readable, destination })
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
