import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AuditRecord } from '#app/audit/record.ts'
import { alertRoutes } from '#app/http/alertRouter.ts'
import { alertReplica, cpu } from '../fakes/alertReplica.ts'
import { memoryDocuments } from '../fakes/memoryDocuments.ts'
import { startTestApp, type TestApp } from '../fakes/testApp.ts'

const clock = { now: 0 }
let store = memoryDocuments()
beforeEach(() => {
  clock.now = Date.parse('2026-11-20T03:00:00Z')
  store = memoryDocuments()
})

const replica = (more: { shared?: boolean; hosts?: string[] } = {}) =>
  alertReplica({ documents: store.documents, clock, ...more })

describe('what a poller observes', () => {
  test('is told the board once and until it is right again, and announced once each', async () => {
    const one = replica()
    expect(await one.polls(95, 95, 95, 96, 97, 98)).toEqual(['alert_new'])
    expect(await one.polls(70, 70, 70, 70)).toEqual(['alert_cleared'])
    expect(one.told).toMatchObject([
      { kind: 'alert_new', data: { type: 'high_cpu', count: 1, acknowledged: false } },
      { kind: 'alert_cleared', data: { id: (one.told[0]?.data as { id: string }).id } },
    ])
    expect(one.announced).toEqual(['new high_cpu gpu1', 'cleared high_cpu gpu1'])
  })

  test('is listed worst first', async () => {
    const one = replica()
    const heat = cpu(95, { rule: 'gpu_temp_critical', severity: 'critical', key: 'GPU-1', subject: 'GPU 0' })
    for (let i = 0; i < 3; i++) await one.poll([cpu(95), heat])
    expect((await one.book.list()).map(({ type }) => type)).toEqual(['gpu_temp_critical', 'high_cpu'])
  })

  test('is told as new however late the board is written', async () => {
    const one = replica()
    for (let i = 0; i < 3; i++) await one.book.observe('host:gpu1', { readings: [cpu(95)], unreadable: [] })
    clock.now += 60_000
    expect(await one.board()).toMatchObject([{ kind: 'alert_new' }])
  })

  test('costs no write while all is right', async () => {
    const one = replica()
    await one.polls(10)
    const { writes } = store
    await one.polls(10, 20, 30)
    expect(store.writes).toBe(writes)
  })

  test('goes on from memory while the store is away, and is all there when it is back', async () => {
    const one = replica({ shared: true })
    await one.polls(95, 95)
    store.away = true
    expect(await one.polls(95)).toEqual(['alert_new'])
    expect(await one.book.list()).toHaveLength(1)
    store.back()
    expect(await replica({ shared: true }).book.list()).toEqual(await one.book.list())
    expect(await one.polls(70, 70, 70)).toEqual(['alert_cleared'])
  })
})

describe('across a restart', () => {
  test('an alert stays the same one, its counters go on, and nothing is told again', async () => {
    const before = replica()
    await before.polls(95, 95)
    const after = replica()
    expect(await after.polls(95)).toEqual(['alert_new'])
    const [alert] = await after.book.list()
    const third = replica()
    expect(await third.polls(96, 70, 70)).toEqual([])
    expect(await third.book.list()).toMatchObject([{ id: alert?.id, count: 2 }])
    const last = replica()
    expect(await last.polls(70)).toEqual(['alert_cleared'])
    expect([...before.announced, ...after.announced, ...third.announced, ...last.announced]).toEqual([
      'new high_cpu gpu1',
      'cleared high_cpu gpu1',
    ])
  })

  test('an acknowledgement stays', async () => {
    const before = replica()
    await before.polls(95, 95, 95)
    const [alert] = await before.book.list()
    await before.book.ack(alert?.id ?? '', 'ana')
    const after = replica()
    await after.polls(96, 97)
    expect(await after.book.list()).toMatchObject([{ id: alert?.id, acknowledged: true, by: 'ana' }])
  })
})

describe('where the store cannot be read at the start', () => {
  const raised = async () => {
    const before = replica({ shared: true })
    await before.polls(95, 95, 95)
    const [alert] = await before.book.list()
    await before.book.ack(alert?.id ?? '', 'ana')
    store.away = true
    const after = replica({ shared: true })
    expect(await after.polls(95, 95, 95)).toEqual(['alert_new'])
    return { alert, after }
  }

  test('an alert is the one that was stored, once that is read: who took note of it still has', async () => {
    const { alert, after } = await raised()
    store.back()
    expect(await after.polls(95)).toEqual(['alert_changed'])
    expect(await after.book.list()).toMatchObject([
      { id: alert?.id, created: alert?.created, acknowledged: true, by: 'ana' },
    ])
    expect(await after.polls(70, 70, 70)).toEqual(['alert_cleared'])
    expect(store.kept.get('ack')?.size).toBe(0)
  })

  test('what was stored of others goes on too, and nothing of it was written over', async () => {
    const { after } = await raised()
    const hot = cpu(95, { rule: 'gpu_temp_critical', key: 'GPU-1', subject: 'GPU 0' })
    const other = replica({ shared: true })
    store.back()
    for (let i = 0; i < 3; i++) await other.poll([cpu(95), hot])
    await after.poll([cpu(95)], { unreadable: ['gpu_temp_critical'] })
    expect((await after.book.list()).map(({ type }) => type)).toEqual(['gpu_temp_critical', 'high_cpu'])
  })

  test('a look at half of it removes no acknowledgement', async () => {
    const before = replica({ shared: true })
    await before.polls(95, 95, 95)
    await before.book.ack((await before.book.list())[0]?.id ?? '', 'ana')
    clock.now += 2 * 3_600_000
    const { read } = store.documents
    store.documents.read = (kind, names) =>
      kind === 'alerts' ? Promise.reject(new Error('away')) : read(kind, names)
    await replica({ shared: true }).book.sweep()
    store.documents.read = read
    expect(await before.book.list()).toMatchObject([{ acknowledged: true }])
  })
})

describe('two replicas on one store', () => {
  test('what one has not written before another took over is not written after it', async () => {
    const [a, b] = [replica({ shared: true }), replica({ shared: true })]
    store.away = true
    await a.polls(95)
    await a.book.letGo('host:gpu1')
    store.back()
    await b.polls(70)
    expect(store.kept.get('alerts')?.size ?? 0).toBe(0)
  })

  test('a host that moves back and forth between them flaps nothing', async () => {
    const [a, b] = [replica({ shared: true }), replica({ shared: true })]
    await a.polls(95, 95)
    await b.polls(95)
    await a.polls(96, 70, 70)
    await b.polls(96, 70, 70)
    await a.polls(85)
    await b.polls(70, 70)
    expect(await a.book.list()).toHaveLength(1)
    await a.polls(70)
    expect(await b.book.list()).toEqual([])
    expect([...b.told, ...a.told].map(({ kind }) => kind)).toEqual(['alert_new', 'alert_cleared'])
    expect([...b.announced, ...a.announced]).toEqual(['new high_cpu gpu1', 'cleared high_cpu gpu1'])
  })

  test('one evaluates while the other acknowledges: neither overwrites the other', async () => {
    const [poller, other] = [replica({ shared: true }), replica({ shared: true })]
    await poller.polls(95, 95, 95)
    const [alert] = await other.book.list()
    await Promise.all([poller.polls(96, 97), other.book.ack(alert?.id ?? '', 'ana')])
    expect(await other.board()).toMatchObject([{ kind: 'alert_changed', data: { acknowledged: true } }])
    expect(await poller.book.list()).toMatchObject([{ acknowledged: true, by: 'ana', count: 3 }])
    await poller.polls(70, 70, 70)
    expect(store.kept.get('ack')?.size).toBe(0)
  })
})

test('a replica whose configuration is another one takes nothing from the one that polls', async () => {
  const poller = replica({ shared: true })
  const other = replica({ shared: true, hosts: [] })
  await poller.polls(95, 95, 95)
  const [alert] = await poller.book.list()
  await poller.book.ack(alert?.id ?? '', 'ana')
  clock.now += 2 * 3_600_000
  expect(await other.book.list()).toEqual([])
  await other.book.sweep()
  other.settings.enabled = false
  await other.book.sweep()
  expect(await other.board()).toEqual([])
  expect(await poller.book.list()).toMatchObject([{ id: alert?.id, acknowledged: true }])
})

describe('an acknowledgement', () => {
  const raised = async () => {
    const one = replica()
    await one.polls(95, 95, 95)
    const id = (await one.book.list())[0]?.id ?? ''
    return { one, id }
  }

  test('ends with its alert: the next one waits for its own', async () => {
    const { one, id } = await raised()
    await one.book.ack(id, 'ana')
    await one.polls(70, 70, 70, 95, 95, 95)
    expect(await one.book.list()).toMatchObject([{ acknowledged: false }])
  })

  test('of one that began before counts no more, also where it was not removed', async () => {
    const { one, id } = await raised()
    await one.book.ack(id, 'ana')
    const ack = store.kept.get('ack')?.get(id) ?? ''
    await one.polls(70, 70, 70, 95, 95, 95)
    store.kept.get('ack')?.set(id, ack)
    expect(await one.book.list()).toMatchObject([{ id, acknowledged: false }])
  })

  test('is written before it is answered, or nothing has changed', async () => {
    const { one, id } = await raised()
    store.away = true
    await expect(one.book.ack(id, 'ana')).rejects.toMatchObject({ code: 'log_unavailable' })
    expect(await one.book.list()).toMatchObject([{ acknowledged: false }])
    store.back()
    expect(await one.book.list()).toMatchObject([{ acknowledged: false }])
    await one.book.ack(id, 'ana')
    store.away = true
    await expect(one.book.unack(id)).rejects.toMatchObject({ code: 'log_unavailable' })
    store.back()
    expect(await one.book.list()).toMatchObject([{ acknowledged: true }])
  })

  test('right after its alert was told as new is told as a change', async () => {
    const { one, id } = await raised()
    await one.book.ack(id, 'ana')
    expect(await one.board()).toMatchObject([{ kind: 'alert_changed', data: { acknowledged: true } }])
  })

  test('ends when it should, and the board is told', async () => {
    const { one, id } = await raised()
    const until = new Date(clock.now + 60_000).toISOString()
    expect(await one.book.ack(id, 'ana', until)).toMatchObject({ acknowledged: true, by: 'ana', until })
    await one.board()
    clock.now += 59_000
    await one.book.sweep()
    expect(await one.board()).toEqual([])
    clock.now += 1_000
    expect(await one.book.list()).toMatchObject([{ acknowledged: false }])
    await one.book.sweep()
    expect(await one.board()).toMatchObject([{ kind: 'alert_changed', data: { id, acknowledged: false } }])
    expect(store.kept.get('ack')?.size).toBe(0)
  })

  test('of an alert that never comes again is not kept for ever', async () => {
    const { one, id } = await raised()
    await one.book.ack(id, 'ana')
    one.settings.hosts = []
    await one.book.sweep()
    expect(store.kept.get('ack')?.size).toBe(0)
  })
})

test('a host that is no longer configured takes its alerts along', async () => {
  const one = replica()
  await one.polls(95, 95, 95)
  one.settings.hosts = []
  expect(await one.book.list()).toEqual([])
  await one.book.sweep()
  expect(await one.board()).toMatchObject([{ kind: 'alert_cleared' }])
  expect(store.kept.get('alerts')?.size).toBe(0)
  expect(one.announced.at(-1)).toBe('cleared high_cpu gpu1')
  expect(await one.polls(95, 95, 95, 95)).toEqual([])
})

test('switched off, nothing is evaluated, listed or told, and what was there ends without a word', async () => {
  const one = replica()
  await one.polls(95, 95, 95)
  one.settings.enabled = false
  expect(await one.book.list()).toEqual([])
  await one.book.sweep()
  expect(await one.polls(95, 95, 95, 95)).toEqual([])
  expect(one.announced).toEqual(['new high_cpu gpu1'])
  one.settings.enabled = true
  expect(await one.polls(95, 95)).toEqual([])
  expect(await one.polls(95)).toEqual(['alert_new'])
})

describe('over HTTP', () => {
  let app: TestApp
  let one = replica()
  let audited: AuditRecord[] = []
  beforeEach(async () => {
    one = replica()
    audited = []
    const audit = (record: AuditRecord) => void audited.push(record)
    app = await startTestApp('loopback', alertRoutes({ alerts: one.book, audit }))
  })
  afterEach(() => app.stop())

  const call = async (method: string, path: string, body?: object) => {
    const headers = { 'content-type': 'application/json' }
    const init = body && { body: JSON.stringify(body), headers }
    const response = await fetch(app.url + path, { method, ...init })
    return { status: response.status, body: (await response.json()) as any }
  }

  test('alerts are listed, acknowledged and taken back, with a record of each', async () => {
    expect(await call('GET', '/api/alerts')).toEqual({ status: 200, body: [] })
    await one.polls(95, 95, 95)
    const [alert] = (await call('GET', '/api/alerts')).body
    expect(alert).toMatchObject({ type: 'high_cpu', host: 'gpu1', acknowledged: false })
    const acked = await call('POST', `/api/alerts/${alert.id}/ack`)
    expect(acked).toMatchObject({ status: 200, body: { id: alert.id, acknowledged: true } })
    expect((await call('GET', '/api/alerts?acknowledged=false')).body).toEqual([])
    expect((await call('GET', '/api/alerts?acknowledged=true')).body).toEqual([acked.body])
    const back = await call('DELETE', `/api/alerts/${alert.id}/ack`)
    expect(back).toMatchObject({ status: 200, body: { acknowledged: false } })
    expect(audited).toMatchObject([
      { action: 'alert.ack', subject: alert.id, outcome: 'done', detail: 'gpu1 high_cpu gpu1' },
      { action: 'alert.unack', subject: alert.id, outcome: 'done' },
    ])
  })

  test.each([
    ['an alert that is not there', 'POST', '/api/alerts/none/ack', {}, 404],
    ['a question that is none', 'GET', '/api/alerts?acknowledged=perhaps', undefined, 400],
    ['a time that is none', 'POST', '/api/alerts/ID/ack', { until: 'tomorrow' }, 400],
    ['a time that has passed', 'POST', '/api/alerts/ID/ack', { until: '2026-11-20T03:00:00Z' }, 400],
  ])('%s is refused in a sentence', async (_what, method, path, body, status) => {
    await one.polls(95, 95, 95)
    const id = (await one.book.list())[0]?.id ?? ''
    const answer = await call(method, path.replace('ID', id), body)
    expect(answer).toMatchObject({ status, body: { detail: expect.stringMatching(/\.$/) } })
  })
})
