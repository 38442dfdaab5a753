import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { RedisServer, startCluster, until } from '../../test/fakes/redisServer.ts'
import { openStore, type OpenStoreOptions, type Store } from './openStore.ts'
import { testStore } from './testStore.ts'

function recordLog() {
  const lines: string[] = []
  const write = (_: unknown, text?: string) => void lines.push(text ?? String(_))
  return { lines, logger: { info: write, warn: write } as OpenStoreOptions['logger'] }
}
const { logger } = recordLog()

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'breakglass-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function underTest(open: () => Promise<Store>) {
  let store: Store
  beforeAll(async () => {
    store = await open()
  })
  afterAll(() => store.close())
  testStore(() => ({
    store,
    async restart() {
      await store.close()
      store = await open()
    },
  }))
}

describe('embedded', () => {
  const folder = mkdtempSync(join(tmpdir(), 'breakglass-store-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  underTest(() => openStore({ dataDir: folder, logger }))

  test('a damaged file is no reason not to watch: it is said, and all is kept in memory', async () => {
    const dataDir = newFolder()
    writeFileSync(
      join(dataDir, 'watch.db'),
      'no database at all, but long enough to be taken for one'.repeat(50),
    )
    const { lines, logger } = recordLog()
    const store = await openStore({ dataDir, logger })
    expect(lines).toEqual(['the fleet is kept in memory alone: its file cannot be used'])
    store.documents.put('host', 'a', 'text')
    store.history.add('a', Date.now(), { load: 1 })
    expect(await store.documents.read('host')).toEqual(new Map([['a', 'text']]))
    await store.close()
  })

  test('what is too old goes, also of hosts that are no more', async () => {
    const { openWatchDatabase } = await import('./watchDatabase.ts')
    const { SqliteRows } = await import('./SqliteRows.ts')
    const database = openWatchDatabase(':memory:')
    const rows = new SqliteRows(database)
    const data = Buffer.from('x')
    const [minute, week] = [60_000, 7 * 86_400_000]
    const later = 4 * week
    const add = (subject: string, tier: number, at: number) => rows.append([{ subject, tier, at, data }])
    await add('gone', 4, 0)
    await add('here', 4, later)
    for (const minutes of [1, 2, 3, 4]) await add(minutes < 3 ? 'gone' : 'here', 0, later + minutes * minute)
    await rows.sweep([2 * minute, minute, minute, minute, week], later + 6 * minute)
    expect(await rows.range('here', 0, 0, 2 * later)).toHaveLength(1)
    expect(database.prepare('SELECT name FROM subjects').all()).toEqual([{ name: 'here' }])
    database.close()
  })
})

describe('in Redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server.stop())
  underTest(() => openStore({ dataDir: '/nowhere', redisUrl: server.url, logger }))

  test('while it is away figures and documents wait; then both are there and go on', async () => {
    const { lines, logger } = recordLog()
    const store = await openStore({ dataDir: '/nowhere', redisUrl: server.url, logger, everyMs: 20 })
    onTestFinished(() => store.close())
    const begin = Math.floor(Date.now() / 60_000) * 60_000 - 600_000
    const add = (index: number) => store.history.add('resumes', begin + index * 30_000, { load: index })
    add(0)
    const read = () => store.history.read('resumes', { from: begin, to: begin + 300_000, stepMs: 60_000 })
    expect((await read()).series[0]?.mean[0]).toBe(0)
    await server.kill()
    for (let i = 1; i < 10; i += 1) add(i)
    store.documents.put('resumes', 'a', 'while away')
    await expect(read()).rejects.toMatchObject({ code: 'log_unavailable' })
    await expect(store.documents.read('resumes')).rejects.toMatchObject({ code: 'log_unavailable' })
    await until(() => lines.length === 2)
    await server.restart()
    await until(() => lines.length === 4)
    expect((await read()).series[0]?.mean).toEqual([0.5, 2.5, 4.5, 6.5, 8.5])
    expect(await server.command('HGET', 'breakglass:documents:resumes', 'a')).toBe('while away')
    expect(lines.toSorted()).toEqual([
      'history cannot be written now and waits',
      'history is written again',
      'state cannot be written now and waits',
      'state is written again',
    ])
  })

  test('every key of the history expires', async () => {
    const keys = await server.command('KEYS', 'breakglass:{history:*')
    expect(keys).not.toEqual([])
    // The command's answer for a pattern.
    for (const key of keys as string[]) expect(Number(await server.command('PTTL', key))).toBeGreaterThan(0)
  })
})

describe('in a Redis Cluster', () => {
  let cluster: Awaited<ReturnType<typeof startCluster>>
  beforeAll(async () => {
    cluster = await startCluster()
  })
  afterAll(() => cluster.stop())
  underTest(() => openStore({ dataDir: '/nowhere', redisUrl: cluster.url, logger }))
})
