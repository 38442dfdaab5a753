import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { hostHistorySchema, hostSchema, tmuxSessionSchema } from '#app/schema/fleet.ts'
import { fleetHost, fleetApiKit, tmuxSession } from '../fakes/fleetApiKit.ts'
import { startTestApp, type TestApp } from '../fakes/testApp.ts'

let kit: ReturnType<typeof fleetApiKit>
let app: TestApp
beforeEach(async () => {
  kit = fleetApiKit()
  app = await startTestApp('loopback', kit.routes)
})
afterEach(() => app.stop())

const get = async (path: string) => {
  const response = await fetch(app.url + path)
  return { status: response.status, body: (await response.json()) as any }
}
const post = async (path: string) => {
  const response = await fetch(app.url + path, { method: 'POST' })
  return { status: response.status, body: (await response.json()) as any }
}
const fits = (schema: z.ZodType, value: unknown) => expect(schema.safeParse(value).error).toBeUndefined()

describe('hosts', () => {
  beforeEach(() => {
    kit.state.hosts = [fleetHost(), fleetHost({ name: 'gpu2', tmux: [], cpu_percent: null })]
  })

  test('are listed as the schema has them, what is missing as null', async () => {
    const { status, body } = await get('/api/fleet/hosts')
    expect(status).toBe(200)
    expect(body.map((one: any) => one.name)).toEqual(['gpu1', 'gpu2'])
    expect(body[1].cpu_percent).toBeNull()
    for (const one of body) fits(hostSchema, one)
    expect(kit.state.watched).toEqual([])
  })

  test('can be restricted to what a screen shows, which is then polled more often', async () => {
    const { body } = await get('/api/fleet/hosts?names=gpu2,nowhere&watch=1')
    expect(body.map((one: any) => one.name)).toEqual(['gpu2'])
    expect(kit.state.watched).toEqual(['gpu2'])
    expect((await get('/api/fleet/hosts?names=')).body).toEqual([])
  })

  test('are told one by one', async () => {
    expect(await get('/api/fleet/hosts/gpu2?watch=1')).toMatchObject({ status: 200, body: { name: 'gpu2' } })
    expect(kit.state.watched).toEqual(['gpu2'])
    expect(await get('/api/fleet/hosts/gpu3')).toMatchObject({ status: 404, body: { code: 'not_found' } })
    expect((await get('/api/fleet/hosts/constructor')).status).toBe(404)
  })

  test('are polled when asked', async () => {
    expect(await post('/api/fleet/hosts/gpu1/poll')).toMatchObject({ status: 202, body: { name: 'gpu1' } })
    expect((await post('/api/fleet/hosts/gpu3/poll')).status).toBe(404)
    expect(kit.state.refreshed).toEqual(['gpu1'])
  })

  test('are counted for the first screen', async () => {
    expect((await get('/api/fleet')).body).toEqual({ configured: true, hosts: 2, alerts_enabled: true })
  })
})

test('a host with very many tmux sessions lists some and counts the rest; the list of all has all', async () => {
  const tmux = Array.from({ length: 300 }, (_, at) => tmuxSession({ id: `gpu1:1000:42.${at}.1` }))
  kit.state.hosts = [fleetHost({ tmux })]
  const [one] = (await get('/api/fleet/hosts')).body
  for (const host of [one, (await get('/api/fleet/hosts/gpu1')).body]) {
    expect(host).toMatchObject({ tmux_more: 100, tmux: { length: 200 } })
    fits(hostSchema, host)
  }
  expect((await get('/api/fleet/tmux')).body).toHaveLength(300)
})

describe('tmux sessions', () => {
  const active = tmuxSession({ id: 'gpu1:1000:4242.8.1795000001', name: 'train', status: 'active' })
  beforeEach(() => {
    kit.state.hosts = [fleetHost({ tmux: [tmuxSession(), active] }), fleetHost({ name: 'gpu2', tmux: [] })]
  })

  test('are listed over all hosts, all or by status', async () => {
    const names = async (query: string) =>
      (await get(`/api/fleet/tmux${query}`)).body.map((one: any) => one.name)
    expect(await names('')).toEqual(['chat', 'train'])
    expect(await names('?status=active')).toEqual(['train'])
    expect(await names('?status=legacy')).toEqual(['chat'])
    expect((await get('/api/fleet/tmux?status=lost')).status).toBe(400)
  })

  test('are told one by one, by an id that needs no escaping', async () => {
    expect(encodeURI(active.id)).toBe(active.id)
    const { status, body } = await get(`/api/fleet/tmux/${active.id}`)
    expect({ status, body }).toEqual({ status: 200, body: active })
    fits(tmuxSessionSchema, body)
  })

  test.each(['gpu1:1000:4242.9.1795000001', 'gpu9:1000:4242.7.1795000000', 'chat', '%00', "';--"])(
    'one that is not there is 404: %s',
    async (id) => {
      const { status, body } = await get(`/api/fleet/tmux/${id}`)
      expect({ status, code: body.code }).toEqual({ status: 404, code: 'not_found' })
      expect(body.detail).toMatch(/^There is no .+\.$/)
    },
  )
})

describe('history', () => {
  const path = '/api/fleet/hosts/gpu1/history'

  test('is of the last 24 hours by default, each series with what it is of', async () => {
    const { status, body } = await get(path)
    expect(status).toBe(200)
    fits(hostHistorySchema, body)
    expect(body).toMatchObject({
      ...{ host: 'gpu1', from: '2026-11-19T03:00:00.000Z', to: '2026-11-20T03:00:00.000Z', step_s: 60 },
      ...{ times: ['2026-11-19T03:00:00.000Z', '2026-11-19T03:01:00.000Z'] },
    })
    expect(body.series.map(({ metric, gpu, tmux }: any) => [metric, gpu, tmux])).toEqual([
      ['cpu_percent', undefined, undefined],
      ['temperature_c', 'GPU-1', undefined],
      ['attached', undefined, 'gpu1:1000:4242.7.1795000000'],
    ])
    expect(body.series[0].mean).toEqual([1, null])
  })

  test.each([
    ['times in ISO 8601', '?from=2026-11-18T00:00:00Z&to=2026-11-19T00:00:00Z&step=300', 86_400_000],
    ['seconds since 1970', '?from=1795000000&to=1795003600&step=300', 3_600_000],
  ])('takes %s', async (_what, query, length) => {
    expect((await get(path + query)).status).toBe(200)
    const [{ from, to, stepMs, subject }] = kit.state.asked as any[]
    expect({ length: to - from, stepMs, subject }).toEqual({ length, stepMs: 300_000, subject: 'gpu1' })
  })

  test.each([
    ['a range backwards', '?from=1795003600&to=1795000000'],
    ['no range', '?from=1795000000&to=1795000000'],
    ['a time that is none', '?from=yesterday'],
    ['a time before all', '?from=-5'],
    ['a time after all', '?to=99999999999999'],
    ['a step of nothing', '?step=0'],
    ['a step that is no number', '?step=fine'],
  ])('%s is refused in a sentence', async (_what, query) => {
    const { status, body } = await get(path + query)
    expect(status).toBe(400)
    expect(body.detail).toMatch(/^In the query: (from|to|step): found .+\.$/)
    expect(kit.state.asked).toEqual([])
  })

  test('of a host that is not there is 404', async () => {
    expect((await get('/api/fleet/hosts/gpu3/history')).status).toBe(404)
  })
})

test('who may only look changes nothing', () => {
  const changing = kit.routes.filter(({ access }) => access === 'operator').map(({ path }) => path)
  expect(changing).toEqual([
    '/api/fleet/hosts/:name/poll',
    '/api/fleet/tmux/:id/kill-token',
    '/api/fleet/tmux/:id/kill',
  ])
  expect(kit.routes.filter(({ method }) => method !== 'get')).toHaveLength(changing.length)
})

test('the API describes the routes of the fleet', async () => {
  const { body } = await get('/api/openapi.json')
  expect(Object.keys(body.paths)).toEqual(
    expect.arrayContaining([
      '/api/fleet/hosts/{name}/history',
      '/api/fleet/tmux/{id}/kill-token',
      '/api/fleet/tmux/{id}/kill',
    ]),
  )
})
