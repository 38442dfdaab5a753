import { expect, test } from 'vitest'
import { CoolDown, type CoolingKind, type Trouble } from './coolDown.ts'

const trouble = (kind: CoolingKind, retryAfterMs?: number): Trouble => ({
  kind,
  message: `It failed: ${kind}.`,
  ...(retryAfterMs !== undefined && { retryAfterMs }),
})

test.each<[what: string, trouble: Trouble, state: string, seconds: number]>([
  ['a refused key', trouble('auth'), 'failed', 600],
  ['a rate limit', trouble('rate_limit'), 'cooling_down', 60],
  ['a rate limit with a time', trouble('rate_limit', 25_000), 'cooling_down', 25],
  ['a rate limit of a day', trouble('rate_limit', 86_400_000), 'cooling_down', 3600],
  ['an overload', trouble('overload'), 'cooling_down', 30],
  ['an overload with a time', trouble('overload', 90_000), 'cooling_down', 90],
  ['a broken connection', trouble('network'), 'cooling_down', 30],
  ['an answer that makes no sense', trouble('invalid'), 'cooling_down', 60],
])('after %s it is left alone for its time', (_what, one, state, seconds) => {
  const coolDown = new CoolDown()
  coolDown.failed(one, 1000)
  const until = 1000 + seconds * 1000
  const expected = { state, until, kind: one.kind, lastError: one.message }
  expect(coolDown.at(until - 1)).toEqual(expected)
  expect(coolDown.at(until)).toEqual({ state: 'ready', lastError: one.message })
})

test('breaks one after the other are waited out longer each time, up to five minutes, until it works', () => {
  const coolDown = new CoolDown()
  let now = 0
  const next = (): number => {
    coolDown.failed(trouble('overload'), now)
    const standing = coolDown.at(now)
    if (standing.state === 'ready') throw new Error('it should cool down')
    const wait = standing.until - now
    now = standing.until
    return wait / 1000
  }
  expect([next(), next(), next(), next(), next(), next()]).toEqual([30, 60, 120, 240, 300, 300])
  coolDown.worked(now)
  expect(coolDown.at(now)).toEqual({ state: 'ready' })
  expect(next()).toBe(30)
})

test('steps that fail side by side are one break', () => {
  const coolDown = new CoolDown()
  for (let step = 0; step < 5; step++) coolDown.failed(trouble('network'), step)
  expect(coolDown.at(10)).toMatchObject({ until: 30_004 })
})

test('a shorter trouble does not cut a longer one short, nor does an answer that was under way', () => {
  const coolDown = new CoolDown()
  coolDown.failed(trouble('auth'), 0)
  coolDown.failed(trouble('network'), 5)
  coolDown.worked(6)
  expect(coolDown.at(10)).toMatchObject({ state: 'failed', until: 600_000 })
})
