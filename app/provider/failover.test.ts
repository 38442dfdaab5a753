import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SessionEvent } from '#app/schema/events.ts'
import {
  call,
  claudeAndLocal,
  end,
  fail,
  say,
  scriptedPool,
  settingsOf,
  tools,
  type Script,
} from '../../test/fakes/scriptedPool.ts'
import type { FailureKind, Part } from './Provider.ts'

const types = (parts: Part[]) => parts.map(({ type }) => type).join(' ')
const notices = (parts: Part[]) => parts.filter((part) => part.type === 'notice')
const usage: Part = {
  ...{ type: 'usage', provider: 'claude', model: 'claude-1' },
  ...{ input_tokens: 10, output_tokens: 2, cached_tokens: 0 },
}

describe('a model that fails before its first word', () => {
  const table: [FailureKind, asked: string[], state: string, seconds: number | null, words: string][] = [
    ['auth', ['claude', 'local'], 'failed', 600, 'its key or account is refused'],
    ['rate_limit', ['claude', 'local'], 'cooling_down', 60, 'it wants fewer requests'],
    ['overload', ['claude', 'claude', 'local'], 'cooling_down', 30, 'it is overloaded or broken'],
    ['network', ['claude', 'claude', 'local'], 'cooling_down', 30, 'the connection to it failed'],
    ['invalid', ['claude', 'local'], 'cooling_down', 60, 'it or its request was not understood'],
    // Nobody has cancelled.
    ['cancelled', ['claude', 'local'], 'cooling_down', 30, 'the connection to it failed'],
  ]
  test.each(table)('%s: the next one goes on, and says so', async (kind, asked, state, seconds, words) => {
    const { provider, pool, ...scripted } = claudeAndLocal()
    scripted.script('claude', [fail(kind)], [fail(kind)])
    expect(await scripted.step(provider)).toEqual([
      { type: 'notice', level: 'warn', text: `claude failed (${words}): local goes on.` },
      say('local'),
      end,
    ])
    expect(scripted.asked).toEqual(asked)
    const until = new Date(scripted.clock.now + (seconds ?? 0) * 1000).toISOString()
    expect(pool.states()[0]).toMatchObject({
      name: 'claude',
      state,
      until,
      last_error: `It failed: ${kind}.`,
    })
    expect(scripted.lines).toContainEqual(
      expect.objectContaining({
        ...{ msg: 'another model goes on', session: 's1', turn: 't1' },
        ...{ provider: 'claude', next: 'local', failure: kind === 'cancelled' ? 'network' : kind },
      }),
    )
  })

  test('context: no other is asked, the caller makes it shorter', async () => {
    const { provider, pool, ...scripted } = claudeAndLocal()
    scripted.script('claude', [fail('context')])
    expect(await scripted.step(provider)).toEqual([fail('context')])
    expect(scripted.asked).toEqual(['claude'])
    expect(pool.states()[0]).toMatchObject({ state: 'ready' })
  })

  test('is asked once more after about a second where that may help', async () => {
    const { provider, ...scripted } = claudeAndLocal()
    scripted.script('claude', [fail('overload')], [say('well'), end])
    expect(await scripted.step(provider)).toEqual([say('well'), end])
    expect(scripted.waits).toHaveLength(1)
    expect(scripted.waits[0]).toBeGreaterThanOrEqual(750)
    expect(scripted.waits[0]).toBeLessThanOrEqual(1250)
  })
})

test('a model that was silent until its time was over is not asked again: the next one goes on at once', async () => {
  const { provider, ...scripted } = claudeAndLocal()
  scripted.script('claude', async function* () {
    scripted.clock.now += 60_000
    yield fail('network')
  })
  expect(types(await scripted.step(provider))).toBe('notice text end')
  expect(scripted.asked).toEqual(['claude', 'local'])
  expect(scripted.waits).toEqual([])
})

describe('a rate limit that ends soon', () => {
  test('is waited out where no other model is ready', async () => {
    const { pool, ...scripted } = scriptedPool([settingsOf('claude')])
    scripted.script('claude', [fail('rate_limit', 8000)], [say('well'), end])
    expect(await scripted.step(pool.providerOf(''))).toEqual([say('well'), end])
    expect(scripted.waits).toEqual([8000])
  })

  test('is not where another one is, nor one that ends late', async () => {
    const { provider, ...scripted } = claudeAndLocal()
    scripted.script('claude', [fail('rate_limit', 8000)])
    scripted.script('local', [fail('rate_limit', 11_000)])
    expect(types(await scripted.step(provider))).toBe('notice notice text end')
    expect(scripted.asked).toEqual(['claude', 'local', 'runbook'])
    expect(scripted.waits).toEqual([])
  })

  test('ends at once when it is cancelled meanwhile', async () => {
    const controller = new AbortController()
    const { pool, ...scripted } = scriptedPool([settingsOf('claude')], () => controller.abort())
    scripted.script('claude', [fail('rate_limit', 8000)], [say('never'), end])
    const parts = await scripted.step(pool.providerOf(''), { signal: controller.signal })
    expect(parts).toEqual([{ type: 'failure', kind: 'cancelled', message: 'The call was cancelled.' }])
    expect(scripted.asked).toEqual(['claude'])
    expect(pool.states()[0]).toMatchObject({ state: 'ready' })
  })
})

test('what a model said before it failed is taken back, and its calls never get out', async () => {
  const { provider, ...scripted } = claudeAndLocal()
  scripted.script('claude', [say('Let me '), call('c1'), usage, fail('network')])
  scripted.script('local', [say('I look.'), call('c2'), tools])
  expect(await scripted.step(provider)).toEqual([
    say('Let me '),
    usage,
    {
      ...{ type: 'notice', level: 'warn', again: true },
      text: 'claude failed in mid-answer (the connection to it failed): local goes on.',
    },
    say('I look.'),
    call('c2'),
    tools,
  ])
  expect(scripted.waits).toEqual([])
})

test('usage comes right before the end, behind the calls', async () => {
  const { provider, ...scripted } = claudeAndLocal()
  scripted.script('claude', [call('c1'), usage, say('more'), tools])
  expect(await scripted.step(provider)).toEqual([say('more'), call('c1'), usage, tools])
})

test('what a step has used is told although it was cancelled, or the provider threw', async () => {
  const controller = new AbortController()
  const { provider, ...scripted } = claudeAndLocal()
  scripted.script('claude', async function* () {
    controller.abort()
    yield usage
    yield fail('cancelled')
  })
  const parts = await scripted.step(provider, { signal: controller.signal })
  expect(parts).toEqual([usage, { type: 'failure', kind: 'cancelled', message: 'The call was cancelled.' }])
  scripted.script('claude', async function* () {
    yield usage
    throw new Error('no')
  })
  expect(types(await scripted.step(provider))).toBe('usage notice text end')
})

test('a conversation that fills the context in mid-answer leaves no loose words', async () => {
  const { provider, ...scripted } = claudeAndLocal()
  scripted.script('claude', [say('Let me '), fail('context')])
  const parts = await scripted.step(provider)
  expect(types(parts)).toBe('text notice failure')
  expect(notices(parts)).toMatchObject([{ again: true }])
})

test('two steps share what they learn: the second does not ask a model that just failed', async () => {
  const { provider, pool, ...scripted } = claudeAndLocal()
  const asked = Promise.withResolvers<undefined>()
  const answered = Promise.withResolvers<undefined>()
  scripted.script('claude', [fail('auth')])
  scripted.script('local', async function* () {
    asked.resolve(undefined)
    await answered.promise
    yield say('slow')
    yield end
  })
  const first = scripted.step(provider)
  await asked.promise
  const second = await scripted.step(pool.providerOf(''))
  answered.resolve(undefined)
  expect(types(await first)).toBe('notice text end')
  expect(second).toEqual([
    {
      ...{ type: 'notice', level: 'warn' },
      text: 'claude is left alone until 03:10:00 UTC (its key or account is refused): local goes on.',
    },
    say('local'),
    end,
  ])
  expect(scripted.asked).toEqual(['claude', 'local', 'local'])
})

test('that a model is left alone is said once in a turn', async () => {
  const { provider, ...scripted } = claudeAndLocal()
  scripted.script('claude', [fail('auth')])
  await scripted.step(provider)
  const [told] = notices(await scripted.step(provider))
  const again = await scripted.step(provider, { events: logged(told) })
  expect(again).toEqual([say('local'), end])
})

test('after its time a model is asked again', async () => {
  const { provider, pool, ...scripted } = claudeAndLocal()
  scripted.script('claude', [fail('invalid')])
  await scripted.step(provider)
  scripted.clock.now += 60_000
  expect(pool.states()[0]).toMatchObject({ state: 'ready', last_error: 'It failed: invalid.' })
  expect(await scripted.step(provider)).toEqual([say('claude'), end])
  expect(pool.states()[0]).not.toHaveProperty('last_error')
})

describe('where every model fails', () => {
  const why =
    'No model answers: claude is left alone until 03:10:00 UTC (its key or account is refused), ' +
    'local is left alone until 03:00:20 UTC (it wants fewer requests).'
  const broken = () => {
    const scripted = claudeAndLocal()
    scripted.script('claude', [fail('auth')])
    scripted.script('local', [fail('rate_limit', 20_000)])
    return scripted
  }

  test('the runbook goes on, and the notice says why and until when', async () => {
    const { provider, ...scripted } = broken()
    const parts = await scripted.step(provider)
    expect(types(parts)).toBe('notice notice text end')
    const taken = { type: 'notice', level: 'warn', text: `${why} The runbook goes on.`, again: true }
    expect(parts[1]).toEqual(taken)
    // At once, in every step of the time, and said once in a turn.
    expect(await scripted.step(provider)).toEqual([taken, say('runbook'), end])
    expect(await scripted.step(provider, { events: logged(parts[1]) })).toEqual([say('runbook'), end])
    expect(scripted.asked).toEqual(['claude', 'local', 'runbook', 'runbook', 'runbook'])
  })

  test('a question for models only ends in a failure', async () => {
    const { provider, ...scripted } = broken()
    const parts = await scripted.step(provider.modelsOnly)
    expect(parts.at(-1)).toEqual({ type: 'failure', kind: 'rate_limit', message: why })
    expect(scripted.asked).toEqual(['claude', 'local'])
  })
})

test('a provider that breaks the contract is a failure like another', async () => {
  const { provider, ...scripted } = claudeAndLocal()
  scripted.script('claude', async function* () {
    yield say('a')
    throw new Error('no')
  })
  scripted.script('local', [say('b')])
  const parts = await scripted.step(provider)
  expect(types(parts)).toBe('text notice text notice text end')
  expect(scripted.asked).toEqual(['claude', 'local', 'runbook'])
})

test('whatever fails, a step ends exactly once, with the calls of one attempt at most', async () => {
  const kinds: FailureKind[] = [
    'auth',
    'rate_limit',
    'overload',
    'network',
    'invalid',
    'context',
    'cancelled',
  ]
  const script = fc
    .record({
      said: fc.array(fc.constantFrom('a', 'b', ''), { maxLength: 3 }),
      calls: fc.nat(2),
      last: fc.oneof(
        fc.constant([end]),
        fc.constant([end, say('after the end'), call('late')]),
        fc.constant([]),
        fc.tuple(fc.constantFrom(...kinds), fc.constantFrom(undefined, 0, 9000, 99_000)),
      ),
    })
    .map(({ said, calls, last: [kind, more, ...rest] }) => ({ said, calls, last: { kind, more, rest } }))
  const answers = fc.array(script, { maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(answers, answers, answers, async (...all) => {
      const scripted = scriptedPool(['a', 'b', 'c'].map((name) => settingsOf(name)))
      let attempts = 0
      for (const [index, name] of ['a', 'b', 'c'].entries())
        scripted.script(
          name,
          ...(all[index] ?? []).map(({ said, calls, last }): Script => {
            const attempt = `${name}${attempts++}`
            const ids = Array.from({ length: calls }, (_, at) => call(`${attempt}.${at}`))
            const { kind, more, rest } = last
            const tail =
              kind === undefined
                ? []
                : typeof kind === 'string'
                  ? [fail(kind, typeof more === 'number' ? more : undefined)]
                  : [kind, ...(typeof more === 'object' ? [more] : []), ...rest]
            return [...said.map(say), ...ids, ...(tail as Part[])]
          }),
        )
      const parts = await scripted.step(scripted.pool.providerOf('b'))
      expect(parts.filter(({ type }) => type === 'end' || type === 'failure')).toEqual([parts.at(-1)])
      const callers = parts.flatMap((part) => (part.type === 'tool' ? [part.call.split('.')[0]] : []))
      expect(new Set(callers).size).toBeLessThanOrEqual(1)
      // What is left standing was said by the attempt that ended, and nothing was read after its end.
      const kept = parts.slice(parts.findLastIndex((part) => part.type === 'notice' && part.again) + 1)
      if (parts.at(-1)?.type === 'failure') expect(callers).toEqual([])
      expect(kept).not.toContainEqual(say('after the end'))
    }),
    { numRuns: 500 },
  )
})

/** A part as it stands in the log of turn t1. */
function logged(part: Part | undefined): SessionEvent[] {
  if (part?.type !== 'notice') throw new Error('no notice')
  const { type, ...fields } = part
  return [{ kind: type, id: 1, at: '2026-11-20T03:00:00.000Z', turn: 't1', ...fields }]
}
