import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { FleetPolls, type PollActs } from './FleetPolls.ts'

let loads: number
let watched: string[][]
let acts: PollActs & { lives: boolean; hidden: boolean; barred: boolean }
let end: () => void
let polls: FleetPolls

beforeEach(() => {
  vi.useFakeTimers()
  loads = 0
  watched = []
  acts = {
    lives: true,
    hidden: false,
    barred: false,
    loadAll: async () => void loads++,
    watch: async (names) => void watched.push(names),
    boardLives: () => acts.lives,
    isHidden: () => acts.hidden,
    isBarred: () => acts.barred,
  }
  polls = new FleetPolls(acts)
  end = polls.start()
})
afterEach(() => {
  end()
  vi.useRealTimers()
})

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

test('all at once, then what is seen every 5 s and all of it every minute', async () => {
  expect(loads).toBe(1)
  polls.see('a', true)
  polls.see('b', true)
  await pass(300)
  expect(watched).toEqual([['a', 'b']])
  polls.see('b', false)
  await pass(59_600)
  expect(loads).toBe(1)
  expect(watched).toHaveLength(12)
  expect(watched.at(-1)).toEqual(['a'])
  await pass(200)
  expect(loads).toBe(2)
})

test('what scrolls past is asked for once, when it rests', async () => {
  for (const name of ['a', 'b', 'c']) {
    polls.see(name, true)
    await pass(100)
    polls.see(name, false)
  }
  polls.see('d', true)
  await pass(300)
  expect(watched).toEqual([['d']])
})

test('without the board everything is asked for every 10 s, and what is seen is watched in between', async () => {
  acts.lives = false
  polls.see('a', true)
  await pass(30_100)
  expect(loads).toBe(4)
  expect(watched).toHaveLength(4)
})

test('nothing while the page is hidden or nobody is signed in', async () => {
  polls.see('a', true)
  acts.hidden = true
  await pass(120_000)
  acts.hidden = false
  acts.barred = true
  await pass(120_000)
  expect(loads).toBe(1)
  expect(watched).toEqual([])
})

test('a slow answer is not asked for again meanwhile', async () => {
  let answer = (): void => undefined
  acts.watch = (names) => {
    watched.push(names)
    return new Promise((resolve) => (answer = resolve))
  }
  polls.see('a', true)
  await pass(20_000)
  expect(watched).toHaveLength(1)
  answer()
  await pass(5_000)
  expect(watched).toHaveLength(2)
})
