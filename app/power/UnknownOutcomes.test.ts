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
  all.follow(op)
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
  all.follow(op)
  expect(await over).toBe('ended')
  expect(asked).toEqual([2, 6, 14, 30, 32, 34])
})

it.each(['unheard', 'died'] as const)(
  'believes %s only from a request that can no longer be on its way',
  async (last) => {
    const { all, asked, over } = unknownOutcomes(last)
    all.follow(op)
    expect(await over).toBe(last)
    expect(asked).toEqual([2, 6, 14, 30])
  },
)

it('asks for an op once, however often it is told of', async () => {
  const { all, asked, over } = unknownOutcomes('running', 'ended')
  all.follow(op)
  all.follow(op)
  await over
  expect(asked).toEqual([2, 4])
})

it('asks no more for what was dropped, nor for anything once closed', async () => {
  const ask = vi.fn(() => Promise.resolve<Answered>('unreached'))
  const gate = Promise.withResolvers<void>()
  const clock = { now: () => 0, sleep: () => gate.promise }
  const all = new UnknownOutcomes({ ask, giveUp: () => undefined, clock })
  all.follow(op)
  all.drop(op)
  all.follow('b'.repeat(32))
  all.close()
  all.follow('c'.repeat(32))
  gate.resolve()
  await gate.promise
  await new Promise(setImmediate)
  expect(ask).not.toHaveBeenCalled()
})
