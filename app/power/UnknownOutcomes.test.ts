import { expect, it, vi } from 'vitest'
import { UnknownOutcomes, type Answered, type GivenUp } from './UnknownOutcomes.ts'

const op = 'a'.repeat(32)
const minutes = 60_000

/** Time passes as fast as it is slept; the answers come in turn, the last one again and again. */
function unknownOutcomes(...answers: Answered[]) {
  let now = 0
  const asked: number[] = []
  const over = Promise.withResolvers<GivenUp | 'ended'>()
  const all = new UnknownOutcomes({
    async ask() {
      asked.push(now / 1000)
      const answered = answers.length > 1 ? answers.shift() : answers[0]
      if (answered === 'ended') over.resolve('ended')
      return answered ?? 'unreached'
    },
    giveUp: (_op, last) => over.resolve(last),
    clock: {
      now: () => now,
      async sleep(ms, signal) {
        signal.throwIfAborted()
        now += ms
      },
    },
  })
  return { all, asked, over: over.promise, now: () => now }
}

it('asks after 2 s, 4 s, 8 s… and from then on each minute, for an hour', async () => {
  const { all, asked, over, now } = unknownOutcomes('unreached')
  void all.follow(op)
  expect(await over).toBe('unreached')
  expect(asked.slice(0, 8)).toEqual([2, 6, 14, 30, 62, 122, 182, 242])
  expect(now()).toBeGreaterThanOrEqual(60 * minutes)
  expect(now()).toBeLessThan(62 * minutes)
})

it('asks quickly again while the operation runs', async () => {
  const { all, asked, over } = unknownOutcomes(
    'unreached',
    'unreached',
    'unreached',
    'running',
    'running',
    'ended',
  )
  void all.follow(op)
  expect(await over).toBe('ended')
  expect(asked).toEqual([2, 6, 14, 30, 32, 34])
})

it.each(['unheard', 'died'] as const)(
  'believes %s only from a request that can no longer be on its way',
  async (last) => {
    const { all, asked, over } = unknownOutcomes(last)
    void all.follow(op)
    expect(await over).toBe(last)
    expect(asked).toEqual([2, 6, 14, 30, 62])
  },
)

it('counts that time from when the hypervisor was heard: it may have been away until then', async () => {
  const away = Array.from({ length: 10 }, () => 'unreached' as const)
  const { all, asked, over } = unknownOutcomes(...away, 'unheard')
  void all.follow(op)
  expect(await over).toBe('unheard')
  const heard = asked[away.length] ?? NaN
  expect((asked.at(-1) ?? NaN) - heard).toBeGreaterThanOrEqual(30)
})

it('follows the newest of many, and the next when one has ended, with one question at a time', async () => {
  const opOf = (number: number) => number.toString(16).padStart(32, '0')
  const asked: number[] = []
  let under = 0
  let most = 0
  const over = Promise.withResolvers<void>()
  const all = new UnknownOutcomes({
    async ask(one) {
      under += 1
      most = Math.max(most, under)
      await Promise.resolve()
      under -= 1
      asked.push(Number.parseInt(one, 16))
      if (asked.length === 30) over.resolve()
      return 'ended'
    },
    giveUp: () => undefined,
    clock: { now: () => 0, sleep: () => Promise.resolve() },
  })
  for (let number = 0; number < 30; number += 1) void all.follow(opOf(number))
  await over.promise
  expect(most).toBe(1)
  expect(asked.slice(0, 20).toSorted((a, b) => a - b)[0]).toBeGreaterThanOrEqual(10)
  expect(new Set(asked).size).toBe(30)
})

it('asks for an op once, however often it is told of', async () => {
  const { all, asked, over } = unknownOutcomes('running', 'ended')
  void all.follow(op)
  void all.follow(op)
  await over
  expect(asked).toEqual([2, 4])
})

it('asks no more for what was dropped, nor for anything once closed', async () => {
  const ask = vi.fn(() => Promise.resolve<Answered>('unreached'))
  const gate = Promise.withResolvers<void>()
  const clock = { now: () => 0, sleep: () => gate.promise }
  const all = new UnknownOutcomes({ ask, giveUp: () => undefined, clock })
  void all.follow(op)
  all.drop(op)
  void all.follow('b'.repeat(32))
  all.close()
  void all.follow('c'.repeat(32))
  gate.resolve()
  await gate.promise
  await new Promise(setImmediate)
  expect(ask).not.toHaveBeenCalled()
})
