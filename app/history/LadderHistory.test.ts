import { expect, test } from 'vitest'
import { createLadder } from './ladder.ts'
import { LadderHistory } from './LadderHistory.ts'
import { SqliteRows } from './SqliteRows.ts'
import { openWatchDatabase } from './watchDatabase.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** With an injected clock, on a database in memory. */
function openHistory(maxWaitingBytes?: number) {
  const database = openWatchDatabase(':memory:')
  const rows = new SqliteRows(database)
  const clock = { now: Date.UTC(2030, 0, 1) }
  const lines: string[] = []
  const say = (_: unknown, text?: string) => void lines.push(text ?? String(_))
  const history = new LadderHistory({
    ...{ rows, ladder: createLadder({ hours_d: 10 }), now: () => clock.now },
    logger: { info: say, warn: say } as ConstructorParameters<typeof LadderHistory>[0]['logger'],
    ...(maxWaitingBytes !== undefined && { maxWaitingBytes }),
  })
  const count = (tier: number) =>
    Number(database.prepare('SELECT count(*) AS n FROM rows WHERE tier = ?').get(tier)?.['n'])
  return { database, rows, history, clock, count, lines }
}

test('after weeks of polls each tier holds what it shall keep, and no more', async () => {
  const { history, clock, count } = openHistory()
  const begin = clock.now
  for (; clock.now < begin + 20 * day; clock.now += 5 * minute) {
    history.add('a', clock.now, { load: 1, [`tmux:${Math.floor(clock.now / hour)}:memory_mb`]: 1 })
    if (clock.now % hour === 0) await history.read('a', { from: clock.now, to: clock.now })
  }
  const page = await history.read('a', { from: begin, to: clock.now, stepMs: hour })
  expect(page.stepMs).toBe(hour)
  expect(count(0)).toBeLessThanOrEqual(24 + 3)
  expect(count(1)).toBeLessThanOrEqual(288 + 3)
  expect(count(2)).toBeLessThanOrEqual(7 * 144 + 3)
  expect(count(3)).toBeLessThanOrEqual(10 * 24 + 3)
  const load = page.series.find(({ series }) => series === 'load')
  expect(load?.mean.filter((value) => value !== null).length).toBeGreaterThanOrEqual(10 * 24)
})

test('when the clock is set back steps are made again from there', async () => {
  const { history, clock } = openHistory()
  history.add('a', clock.now + 30 * day, { load: 9 })
  await history.read('a', { from: clock.now, to: clock.now })
  const begin = clock.now
  for (; clock.now < begin + 3 * hour; clock.now += 30_000) history.add('a', clock.now, { load: 2 })
  const page = await history.read('a', { from: begin - 20 * hour, to: clock.now, stepMs: hour })
  expect(page.series[0]?.mean.slice(-3)).toEqual([2, 2, 2])
})

test('what waits for a store that is away is bounded: the oldest goes, and that is said once', async () => {
  const { history, rows, clock, lines } = openHistory(100_000)
  const append = rows.append.bind(rows)
  rows.append = async (all) => ({ left: all, error: new Error('away') })
  for (let i = 0; i < 5000; i += 1) history.add('a', clock.now + i * 1000, { load: i })
  expect((await history.read('a', { from: 0, to: 1 })).series).toEqual([])
  rows.append = append
  clock.now += 5_000_000
  const page = await history.read('a', { from: clock.now - 5_000_000, to: clock.now, stepMs: 10_000 })
  const known = page.series[0]?.mean.filter((value) => value !== null) ?? []
  expect(known.length).toBeGreaterThan(50)
  expect(known.length).toBeLessThan(100)
  expect(known.at(-1)).toBe(4994.5)
  expect(lines.filter((line) => line.includes('dropped'))).toHaveLength(1)
})

test('what stands together is the same series as with its whole name', async () => {
  const { history, clock } = openHistory()
  history.add('a', clock.now, { 'gpu:1': { watts: 5, heat: null }, load: null })
  history.add('a', clock.now + 1000, { 'gpu:1:watts': 7 })
  const page = await history.read('a', { from: clock.now, to: clock.now + 2000, stepMs: 1000 })
  expect(page.series.map(({ series, mean }) => [series, mean])).toEqual([['gpu:1:watts', [5, 7]]])
})

test('a figure that is no number is left out', async () => {
  const { history, clock } = openHistory()
  history.add('a', clock.now, { load: NaN, memory_percent: Infinity, cpu_percent: 0 })
  const page = await history.read('a', { from: clock.now, to: clock.now + 1000, stepMs: 1000 })
  expect(page.series.map(({ series, mean }) => [series, mean])).toEqual([['cpu_percent', [0]]])
})

test('no stretch is looked up in which there can be nothing, whatever years are asked for', async () => {
  const { history, rows, clock } = openHistory()
  history.add('a', clock.now, { load: 1 })
  const asked: number[] = []
  const range = rows.range.bind(rows)
  rows.range = (subject, tier, from, to) => {
    asked.push(to - from)
    return range(subject, tier, from, to)
  }
  await history.read('a', { from: 0, to: Date.UTC(9999, 0, 1) })
  expect(Math.max(...asked.slice(-5))).toBeLessThan(40 * day)
  // Every poll is kept for 2 h alone.
  expect(asked.at(-2)).toBeLessThan(4 * hour)
})

test('figures are read also while none can be written, and who waits for that waits once', async () => {
  const { history, rows, clock } = openHistory()
  history.add('a', clock.now, { load: 1 })
  await history.read('a', { from: 0, to: 1 })
  let attempts = 0
  rows.append = async (all) => {
    attempts += 1
    await new Promise((resolve) => setImmediate(resolve))
    return { left: all, error: new Error('the disk is full') }
  }
  history.add('a', clock.now + 1000, { load: 2 })
  const range = { from: clock.now, to: clock.now + 2000, stepMs: 1000 }
  const pages = await Promise.all(Array.from({ length: 20 }, () => history.read('a', range)))
  for (const page of pages) expect(page.series[0]?.mean).toEqual([1, null])
  expect(attempts).toBe(2)
})

test('a clock that jumps ahead for one poll erases nothing', async () => {
  const { history, clock } = openHistory()
  const begin = clock.now
  const poll = async (at: number, load: number) => {
    clock.now = at
    history.add('a', at, { load })
    await history.read('a', { from: at, to: at })
  }
  for (let at = begin; at < begin + 3 * hour; at += minute) await poll(at, 2)
  await poll(begin + 91 * day, 2)
  await poll(begin + 3 * hour, 2)
  const page = await history.read('a', { from: begin, to: clock.now, stepMs: hour })
  expect(page.series[0]?.mean).toEqual([2, 2, 2])
})

test('whoever makes ever new series uses up the room of no others', async () => {
  const { history, clock } = openHistory()
  // No row holds more than 1,000 figures.
  for (let n = 0; n < 24; n += 1) {
    const made = Array.from({ length: 1000 }, (_, m) => [`tmux:a:1000:${1000 * n + m}.0.1`, { cpu: 1 }])
    history.add('a', clock.now - 100 + n, Object.fromEntries(made))
  }
  history.add('a', clock.now + 10, { 'tmux:a:1001:7.0.1': { cpu: 3 }, load: 3 })
  const page = await history.read('a', { from: clock.now + 10, to: clock.now + 1010, stepMs: 1000 })
  expect(page.series.map(({ series }) => series)).toEqual(
    expect.arrayContaining(['load', 'tmux:a:1001:7.0.1:cpu']),
  )
})

test('how many series are too many for a page is told', async () => {
  const { history, clock } = openHistory()
  history.add('a', clock.now, Object.fromEntries(Array.from({ length: 310 }, (_, n) => [`s${n}`, n])))
  const page = await history.read('a', { from: clock.now, to: clock.now + 1000, stepMs: 1000 })
  expect([page.series.length, page.leftOut]).toEqual([300, 10])
})

test('a subject that nobody adds to is forgotten here, and looked up when it comes back', async () => {
  const { history, rows, clock } = openHistory()
  const looked: string[] = []
  const lastAt = rows.lastAt.bind(rows)
  rows.lastAt = (subject, ...rest) => {
    looked.push(subject)
    return lastAt(subject, ...rest)
  }
  const add = async (subject: string, at: number) => {
    clock.now = at
    history.add(subject, at, { load: 1 })
    await history.read(subject, { from: at, to: at })
  }
  const begin = clock.now
  await add('a', begin)
  for (let at = begin; at <= begin + 26 * hour; at += hour) await add('b', at)
  const before = looked.filter((subject) => subject === 'a').length
  await add('a', clock.now)
  expect(looked.filter((subject) => subject === 'a').length).toBeGreaterThan(before)
})
