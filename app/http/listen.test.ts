import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { createHttpServer, listen, listenError } from './listen.ts'

test('a taken port ends in a sentence that names it and its variable', async () => {
  const first = createHttpServer(() => undefined)
  const { port } = await listen(first, { host: '127.0.0.1', port: 0 }, 'BREAKGLASS_LISTEN')
  try {
    const second = listen(createServer(), { host: '127.0.0.1', port }, 'BREAKGLASS_LISTEN')
    await expect(second).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is taken by another process: end it, or set BREAKGLASS_LISTEN to another host:port.`,
    )
  } finally {
    first.close()
  }
})

test.each([
  ['EACCES', /port 80 on 127\.0\.0\.1 may not be used.*BREAKGLASS_OPS_LISTEN/i],
  ['EADDRNOTAVAIL', /does not have that address.*BREAKGLASS_OPS_LISTEN/],
  ['ENOTFOUND', /the name 127\.0\.0\.1 is not known here/],
  ['ESOMETHING', /\(ESOMETHING\).*BREAKGLASS_OPS_LISTEN/],
])('%s is told in words', (code, sentence) => {
  const error = Object.assign(new Error('x'), { code })
  expect(listenError(error, { host: '127.0.0.1', port: 80 }, 'BREAKGLASS_OPS_LISTEN')).toMatch(sentence)
})
