import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBreakglass, until, type Breakglass } from '../fakes/breakglass.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')

/** As an operator does it: the printed lines, and the file made of them. */
async function makeToken(
  folder: string,
  name: string,
): Promise<{ token: string; file: string; hash: string }> {
  const { stdout } = await run('npm', ['run', '-s', 'breakglass', '--', 'token', 'create', name], {
    cwd: root,
  })
  const [, token = '', hash = ''] = /^token=(.+)\nhash=(.+)\n$/.exec(stdout) ?? []
  const file = join(folder, 'tokens')
  await writeFile(file, `${hash}\n`)
  return { token, file, hash }
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakglass-access-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('with tokens, on every address', () => {
  let server: Breakglass
  let bearer: { authorization: string }
  let made: Awaited<ReturnType<typeof makeToken>>
  beforeAll(async () => {
    made = await makeToken(folder, 'phone')
    bearer = { authorization: `Bearer ${made.token}` }
    server = await startBreakglass({ BREAKGLASS_LISTEN: '0.0.0.0:0', BREAKGLASS_TOKEN_FILE: made.file })
  })
  afterAll(() => server.stop())

  test('every route that there is answers 401 without identity, and does nothing', async () => {
    const { paths } = (await server.api('GET', '/api/openapi.json', undefined, bearer)).json as {
      paths: Record<string, Record<string, { security?: unknown[] }>>
    }
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, one]) => ({ path, method, open: one.security?.length === 0 })),
    )
    expect(routes.filter((one) => one.open).map((one) => one.path)).toEqual(['/healthz', '/readyz'])
    const closed = routes.filter((one) => !one.open)
    expect(closed.length).toBeGreaterThan(15)
    for (const { path, method } of closed) {
      for (const address of [path.replace(/\{\w+\}/g, 'status'), path.replace(/\{\w+\}/g, '%00..')]) {
        const reply = await server.api(method.toUpperCase(), address)
        expect([method, address, reply.status, (reply.json as { code: string }).code]).toEqual([
          method,
          address,
          401,
          'unauthenticated',
        ])
      }
    }
    expect((await server.api('GET', '/api/sessions', undefined, bearer)).json).toEqual([])
  })

  test('a session is its caller’s by the name of the token', async () => {
    const created = await server.api(
      'POST',
      '/api/session',
      {},
      { ...bearer, 'sec-fetch-site': 'cross-site' },
    )
    expect(created.status).toBe(201)
    const { session_id: id } = created.json as { session_id: string }
    await server.api('POST', `/api/session/${id}/prompt`, { prompt: 'uptime' }, bearer)
    const { events } = (await server.api('GET', `/api/session/${id}/events`, undefined, bearer)).json as {
      events: { kind: string; by?: string }[]
    }
    expect(events.find((one) => one.kind === 'user')?.by).toBe('phone')
  })

  test('this machine is no target there, and the warning about readable tokens was given', async () => {
    expect((await server.api('GET', '/api/targets', undefined, bearer)).json).toEqual([])
    expect(server.output()).toMatch(/has no TLS: tokens cross the network readable/)
  })

  test('neither token nor hash is ever printed', async () => {
    await server.api('GET', '/api/sessions', undefined, { authorization: `Bearer ${made.token}x` })
    const requests = () => server.output().match(/"msg":"request"/g)?.length ?? 0
    await until('the line of the request', () => requests() > 0)
    expect(server.output()).not.toContain(made.token.slice(-20))
    expect(server.output()).not.toContain(made.hash.slice(-20))
  })

  test('a second token counts as soon as its line is in the file', async () => {
    const second = await mkdtemp(join(folder, 'second-'))
    const laptop = await makeToken(second, 'laptop')
    await writeFile(made.file, `${await readFile(made.file, 'utf8')}hash=${laptop.hash}\n`)
    const headers = { authorization: `Bearer ${laptop.token}` }
    await until(
      'the new token',
      async () => (await server.api('GET', '/api/sessions', undefined, headers)).status === 200,
    )
    expect((await server.api('GET', '/api/sessions', undefined, bearer)).status).toBe(200)
  })
})

describe('it does not start', () => {
  test.each([
    [
      'on all addresses without a token',
      { BREAKGLASS_LISTEN: '0.0.0.0:0' },
      /BREAKGLASS_LISTEN.*BREAKGLASS_TOKEN_FILE/s,
    ],
    [
      'with an unknown variable',
      { BREAKGLASS_LISTNE: '127.0.0.1:0' },
      /BREAKGLASS_LISTNE: found an unknown variable/,
    ],
    ['with a configuration that is not there', { BREAKGLASS_CONFIG: '/nonexistent.yaml' }, /does not exist/],
  ])('%s, and says why', async (_what, env, told) => {
    await expect(startBreakglass(env as Record<string, string>)).rejects.toThrow(told)
  })

  test('on a taken port, and names it and its variable', async () => {
    const first = await startBreakglass()
    try {
      const listen = new URL(first.url).host
      await expect(startBreakglass({ BREAKGLASS_LISTEN: listen })).rejects.toThrow(
        new RegExp(`Port ${listen.split(':')[1]} on 127.0.0.1 is taken.*BREAKGLASS_LISTEN`),
      )
    } finally {
      await first.stop()
    }
  })
})

test('on loopback nothing listens on an address that others reach', async () => {
  const server = await startBreakglass()
  try {
    const own = Object.values(networkInterfaces())
      .flat()
      .find((one) => one && !one.internal && one.family === 'IPv4')
    if (own)
      await expect(fetch(`http://${own.address}:${new URL(server.url).port}/healthz`)).rejects.toThrow()
    expect((await server.api('GET', '/api/sessions')).status).toBe(200)
  } finally {
    await server.stop()
  }
})
