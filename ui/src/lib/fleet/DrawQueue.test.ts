import { beforeEach, expect, test } from 'vitest'
import { DrawQueue } from './DrawQueue.ts'

let frames: (() => void)[]
let drawn: Set<string>
let queue: DrawQueue<string>
const frame = () => frames.shift()?.()
const near = (...names: string[]) => {
  for (const name of names)
    queue.near(name, {
      more: () => {
        drawn.add(name)
        return false
      },
      clear: () => void drawn.delete(name),
    })
}
const settle = () => {
  while (frames.length > 0) frame()
}

beforeEach(() => {
  frames = []
  drawn = new Set()
  queue = new DrawQueue((work) => frames.push(work), 3)
})

test('one is drawn a frame', () => {
  near('a', 'b')
  expect([...drawn]).toEqual([])
  frame()
  expect([...drawn]).toEqual(['a'])
  frame()
  expect([...drawn]).toEqual(['a', 'b'])
  frame()
  expect(frames).toEqual([])
})

test('what has several parts takes as many frames, and is cleared as a whole', () => {
  let parts = 0
  queue = new DrawQueue((work) => frames.push(work), 1)
  queue.near('a', { more: () => ++parts < 3, clear: () => (parts = 0) })
  near('b')
  frame()
  expect([parts, drawn.size]).toEqual([1, 0])
  frame()
  frame()
  expect([parts, drawn.size]).toEqual([3, 0])
  queue.away('a')
  settle()
  expect([parts, [...drawn]]).toEqual([0, ['b']])
})

test('what is on the screen comes before what is near it', () => {
  near('a', 'b', 'c')
  queue.seen('c', true)
  frame()
  expect([...drawn]).toEqual(['c'])
})

test('what went by before its turn is not drawn', () => {
  near('a', 'b')
  queue.away('a')
  settle()
  expect([...drawn]).toEqual(['b'])
})

test('what went away stays drawn while there is room, and the oldest of it goes first', () => {
  near('a', 'b')
  settle()
  queue.away('a')
  queue.away('b')
  settle()
  expect([...drawn]).toEqual(['a', 'b'])
  near('c', 'd')
  settle()
  expect(drawn.has('a')).toBe(false)
  expect([drawn.has('c'), drawn.has('d'), queue.drawn <= 3]).toEqual([true, true, true])
})

test('who scrolls through a thousand has a few drawn', () => {
  for (let at = 0; at < 1_000; at++) {
    near(`host${at}`)
    queue.away(`host${at - 3}`)
    frame()
    frame()
    expect(drawn.size).toBeLessThanOrEqual(4)
  }
})

test('what is there no more is neither drawn nor taken away', () => {
  near('a', 'b')
  frame()
  queue.forget('a')
  queue.forget('b')
  settle()
  expect([[...drawn], queue.drawn]).toEqual([['a'], 0])
})
