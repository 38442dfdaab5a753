import { expect, test, vi } from 'vitest'
import { Histories } from './Histories.ts'

const now = Date.parse('2026-11-27T02:58:00Z')

function makeHistories(ok: boolean) {
  const history = vi.fn(async () => ({ ok }))
  // Only whether it went well is looked at.
  return {
    history,
    histories: new Histories({ history } as unknown as ConstructorParameters<typeof Histories>[0]),
  }
}

test('all lines of a host are of one answer, those of another of another', async () => {
  const { history, histories } = makeHistories(true)
  const answers = await Promise.all([histories.of('a', now), histories.of('a', now), histories.of('b', now)])
  expect(answers[0]).toBe(answers[1])
  expect(history.mock.calls).toEqual([
    ['a', now - 86_400_000, 600],
    ['b', now - 86_400_000, 600],
  ])
})

test('after a minute it is read anew, and what failed at once', async () => {
  const known = makeHistories(true)
  await known.histories.of('a', now)
  await known.histories.of('a', now + 59_000)
  await known.histories.of('a', now + 60_000)
  expect(known.history).toHaveBeenCalledTimes(2)
  const failing = makeHistories(false)
  await failing.histories.of('a', now)
  await failing.histories.of('a', now)
  expect(failing.history).toHaveBeenCalledTimes(2)
})
