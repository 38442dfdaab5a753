import { expect, test } from 'vitest'
import type { Store } from './openStore.ts'

export interface StoreUnderTest {
  store: Store
  /** Closes it and opens it again. */
  restart(): Promise<void>
}

const minute = 60_000
const hour = 60 * minute

/** What every store keeps to. Subjects are new in each test, since the storage is shared. */
export function testStore(under: () => StoreUnderTest): void {
  let last = 0
  const newSubject = (): string => `host-${(last += 1)}`
  /** The beginning of an hour, lately: rows of it are kept in every tier. */
  const now = Math.floor(Date.now() / hour) * hour

  /** A poll every 30 s, with `load` counting up from 0. */
  function fill(subject: string, from: number, to: number, more: Record<string, number> = {}): void {
    for (let at = from, load = 0; at < to; at += 30_000, load += 1)
      under().store.history.add(subject, at, { load, ...more })
  }

  test('figures come back in steps with mean, min and max, and what is unknown is null', async () => {
    const subject = newSubject()
    const from = now - 10 * minute
    fill(subject, from, now - 5 * minute, { 'gpu:GPU-1:temperature_c': 71.3 })
    const page = await under().store.history.read(subject, { from, to: now, stepMs: minute })
    expect(page.stepMs).toBe(minute)
    expect(page.times).toHaveLength(10)
    expect(page.times[0]).toBe(from)
    const load = page.series.find(({ series }) => series === 'load')
    expect(load?.mean).toEqual([0.5, 2.5, 4.5, 6.5, 8.5, null, null, null, null, null])
    expect(load?.min.slice(0, 6)).toEqual([0, 2, 4, 6, 8, null])
    expect(load?.max.slice(0, 6)).toEqual([1, 3, 5, 7, 9, null])
    const gpu = page.series.find(({ series }) => series === 'gpu:GPU-1:temperature_c')
    expect(gpu?.mean[0]).toBe(71.3)
    expect(gpu?.mean[9]).toBeNull()
  })

  test('with no step asked for it leaves no holes between polls', async () => {
    const subject = newSubject()
    for (let at = now - hour, turn = 0; at < now; at += turn % 2 === 0 ? 27_000 : 33_000, turn += 1)
      under().store.history.add(subject, at, { load: 1 })
    const page = await under().store.history.read(subject, { from: now - hour, to: now })
    expect(page.stepMs).toBe(minute)
    expect(page.series[0]?.mean).not.toContain(null)
  })

  test('older ranges are read in coarser steps, and the newest of them from finer ones', async () => {
    const subject = newSubject()
    fill(subject, now - 3 * hour, now + 90_000)
    const { history } = under().store
    const day = await history.read(subject, { from: now - 20 * hour, to: now + 90_000 })
    expect(day.stepMs).toBe(2 * minute)
    const values = day.series[0]?.mean.filter((value) => value !== null) ?? []
    expect(values).toHaveLength(91)
    expect(values.slice(0, 2)).toEqual([1.5, 5.5])
    const quarter = await history.read(subject, { from: now - 60 * 24 * hour, to: now + 90_000 })
    expect(quarter.stepMs).toBe(2 * hour)
    const hours = await history.read(subject, { from: now - 30 * 24 * hour, to: now + 90_000, stepMs: hour })
    const [load] = hours.series
    // An hour has 120 polls. The last one has not ended: it is made of a minute and the poll after it.
    expect(load?.mean.slice(-4)).toEqual([59.5, 179.5, 299.5, 361.25])
    expect(load?.min.slice(-4)).toEqual([0, 120, 240, 360])
    expect(load?.max.slice(-4)).toEqual([119, 239, 359, 362])
  })

  test('a restart in the middle of a step changes nothing', async () => {
    const subject = newSubject()
    const from = now - 2 * hour
    fill(subject, from, from + 37 * minute + 30_000)
    await under().restart()
    for (let at = from + 37 * minute + 30_000, load = 75; at < now + minute; at += 30_000, load += 1)
      under().store.history.add(subject, at, { load })
    const { history } = under().store
    const page = await history.read(subject, { from: now - 20 * 24 * hour, to: now, stepMs: hour })
    expect(page.series[0]?.mean.slice(-2)).toEqual([59.5, 179.5])
    expect(page.series[0]?.min.slice(-2)).toEqual([0, 120])
    const tens = await history.read(subject, { from: now - 25 * hour, to: now, stepMs: 10 * minute })
    expect(tens.series[0]?.mean.slice(-12)).toEqual(Array.from({ length: 12 }, (_, i) => 9.5 + 20 * i))
  })

  test('series come and go, and each is told where it was', async () => {
    const subject = newSubject()
    for (let i = 0; i < 50; i += 1)
      under().store.history.add(subject, now - hour + i * minute, { load: 1, [`tmux:t${i}:memory_mb`]: i })
    const page = await under().store.history.read(subject, { from: now - hour, to: now, stepMs: minute })
    expect(page.series).toHaveLength(51)
    expect(page.series[0]?.series).toBe('load')
    const tenth = page.series.find(({ series }) => series === 'tmux:t10:memory_mb')
    expect(tenth?.mean.flatMap((value, index) => (value === null ? [] : [[index, value]]))).toEqual([
      [10, 10],
    ])
  })

  test('however long the range and short the step, a page has about 1,000 points', async () => {
    const subject = newSubject()
    fill(subject, now - hour, now)
    const { history } = under().store
    const year = await history.read(subject, { from: now - 365 * 24 * hour, to: now, stepMs: 1000 })
    expect(year.times.length).toBeLessThanOrEqual(1001)
    const nothing = await history.read(newSubject(), { from: now - hour, to: now, stepMs: 1 })
    expect(nothing.series).toEqual([])
    expect(nothing.times.length).toBeLessThanOrEqual(1001)
    expect((await history.read(subject, { from: now, to: now - hour })).times).toEqual([])
  })

  test('whatever years are asked for, what there is of them is read at once', async () => {
    const subject = newSubject()
    fill(subject, now - 5 * minute, now)
    const { history } = under().store
    const endOf9999 = 253_402_300_799_000
    const began = performance.now()
    for (const range of [
      { from: 0, to: endOf9999 },
      { from: 0, to: now },
      { from: now - hour, to: endOf9999 },
    ]) {
      const page = await history.read(subject, range)
      expect(page.times.length).toBeLessThanOrEqual(1001)
      const [load] = page.series
      expect(Math.max(...(load?.max ?? []).map((value) => value ?? -1))).toBe(9)
    }
    expect((await history.read(subject, { from: endOf9999 - 1000, to: endOf9999 })).series).toEqual([])
    expect(performance.now() - began).toBeLessThan(5000)
  })

  test('a document is what was put last, at once and after a restart', async () => {
    const kind = newSubject()
    const { documents } = under().store
    documents.put(kind, 'a', 'first')
    documents.put(kind, 'a', 'second "ü" \n')
    documents.put(kind, 'b', 'other')
    documents.put(kind, 'c', 'removed')
    documents.put(kind, 'c', null)
    const both = new Map([
      ['a', 'second "ü" \n'],
      ['b', 'other'],
    ])
    expect(await documents.read(kind)).toEqual(both)
    expect(await documents.read(kind, ['a', 'nobody', 'c'])).toEqual(new Map([['a', 'second "ü" \n']]))
    await under().restart()
    const again = under().store.documents
    expect(await again.read(kind)).toEqual(both)
    again.put(kind, 'a', null)
    expect([...(await again.read(kind)).keys()]).toEqual(['b'])
    expect(await again.read('nothing of this kind')).toEqual(new Map())
  })

  test('many documents and figures at once are all kept', async () => {
    const kind = newSubject()
    for (let i = 0; i < 1000; i += 1) {
      under().store.documents.put(kind, `n${i}`, `text ${i}`)
      under().store.history.add(`${kind}/${i}`, now, { load: i })
    }
    await under().restart()
    expect((await under().store.documents.read(kind)).size).toBe(1000)
    const page = await under().store.history.read(`${kind}/999`, { from: now, to: now + 1000, stepMs: 1000 })
    expect(page.series[0]?.mean).toEqual([999])
  })
}
