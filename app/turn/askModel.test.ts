import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { StepRequest } from '#app/provider/Provider.ts'
import type { PooledProvider } from '#app/provider/ProviderPool.ts'
import {
  call,
  done,
  openTurnKit,
  say,
  scripted,
  sessionId,
  type Step,
  type TurnKit,
} from '#test/fakes/turnKit.ts'
import { estimateTokens } from './contextRoom.ts'
import { runTurn } from './runTurn.ts'

let kit: TurnKit
beforeEach(async () => (kit = await openTurnKit()))
afterEach(() => kit.close())

type Scripted = ReturnType<typeof scripted>

/** Runs a turn with this model, and the runbook behind it. */
async function turnWith(model: Scripted, runbook = scripted(say('From the runbook.'))) {
  const turn = await kit.prompt()
  const providerOf = (choice: string): PooledProvider => (choice === 'runbook' ? runbook : model)
  await runTurn({ ...kit.deps(model), providerOf }, { sessionId, turn })
  const events = await kit.events()
  return {
    events,
    result: events.find((event) => event.kind === 'result'),
    notices: events.filter((event) => event.kind === 'notice'),
    summaries: model.requests.filter(isSummary).length,
    asked: model.requests.filter((request) => !isSummary(request)),
  }
}

const isSummary = ({ system }: StepRequest): boolean => system.startsWith('Summarise')

/** Calls that often, one a step, then says its word; a summary is a sentence. */
function steps(count: number, contextTokens: number, size = 16_000): Scripted {
  let called = 0
  const step: Step = (request) => {
    if (isSummary(request)) return say('All was looked at.')(request)
    return (called++ < count ? call(`look ${called}`) : say('Done.'))(request)
  }
  kit.onRun = () => Promise.resolve({ ...done, stdout: 'x'.repeat(size) })
  return Object.assign(scripted(...Array.from({ length: 200 }, () => step)), { contextTokens })
}

const tooLong: Step = function* () {
  yield { type: 'failure', kind: 'context', message: 'It is too long.' }
}

describe('a conversation that grows', () => {
  test.each([4000, 8000, 32_000])(
    'stays within a context of %d tokens, and summaries are few',
    async (tokens) => {
      const { result, asked, summaries, notices } = await turnWith(steps(20, tokens))
      expect(result).toMatchObject({ result: 'Done.', is_error: false })
      expect(asked).toHaveLength(21)
      for (const request of asked) expect(estimateTokens(request)).toBeLessThanOrEqual(tokens * 0.7)
      expect(summaries).toBeLessThanOrEqual(3)
      expect(notices.map(({ level }) => level)).not.toContain('crit')
    },
  )

  test('is left as it is in a large context', async () => {
    const { notices, asked } = await turnWith(steps(5, 200_000))
    expect(notices).toEqual([])
    expect(asked.at(-1)?.messages.at(-1)?.text).toContain('x'.repeat(16_000))
  })
})

describe('a conversation in which words are what is long', () => {
  /** Thinks aloud at length before each call. */
  function wordy(count: number, summary: Step): Scripted {
    let called = 0
    const step: Step = (request) => {
      if (isSummary(request)) return summary(request)
      if (called++ === count) return say('Done.')(request)
      return [
        { type: 'text', text: `Thought ${called}: ${'x'.repeat(4000)}` },
        { type: 'tool', name: 'shell', input: { command: `look ${called}` }, call: `c${called}` },
        { type: 'end', reason: 'tools' },
      ]
    }
    return Object.assign(scripted(...Array.from({ length: 100 }, () => step)), { contextTokens: 8000 })
  }

  test('is summarised from what was said and run, and the model still knows its task and place', async () => {
    const model = wordy(10, say('All was looked at.'))
    const { result, asked, summaries, notices } = await turnWith(model)
    expect(result).toMatchObject({ is_error: false })
    expect(summaries).toBeGreaterThan(0)
    expect(summaries).toBeLessThanOrEqual(5)
    expect(notices).toHaveLength(summaries)
    expect(model.requests.find(isSummary)?.messages[0]?.text).toMatch(
      /user: go.*Thought 1.*call of shell: look 1.*result of shell: Exit code 0/s,
    )
    expect(asked.at(-1)?.messages[0]?.text).toMatch(
      /^What came before.*All was looked at\..*go.*Target: t\./s,
    )
    for (const request of asked) expect(estimateTokens(request)).toBeLessThanOrEqual(8000 * 0.7)
  })

  test('is told without a model where none answers', async () => {
    const { result, asked } = await turnWith(wordy(10, tooLong))
    expect(result).toMatchObject({ is_error: false })
    expect(asked.at(-1)?.messages[0]?.text).toMatch(/shell: look 1 → exit code 0/)
  })
})

describe('a model that finds the conversation too long', () => {
  test('is asked again with less of it, though by our estimate it fits', async () => {
    const model = scripted(call('a'), call('b'), call('c'), call('d'), tooLong, say('Done.'))
    kit.onRun = () => Promise.resolve({ ...done, stdout: 'x'.repeat(16_000) })
    const { result, asked } = await turnWith(model)
    expect(result).toMatchObject({ result: 'Done.' })
    const [before = 0, after = 0] = asked.slice(-2).map(estimateTokens)
    expect(after).toBeLessThan(before * 0.7)
  })

  test('is asked in the size of the one that a failover has reached', async () => {
    const model = scripted(call('a'), call('b'), call('c'), call('d'), tooLong, say('Done.'))
    // The large one fails in the fifth step; from then on the small one is asked first.
    Object.defineProperty(model, 'contextTokens', { get: () => (model.requests.length < 5 ? 100_000 : 6000) })
    kit.onRun = () => Promise.resolve({ ...done, stdout: 'x'.repeat(16_000) })
    const { result, asked } = await turnWith(model)
    expect(result).toMatchObject({ result: 'Done.' })
    expect(estimateTokens(asked.at(-2) ?? neverAsked)).toBeGreaterThan(6000)
    expect(estimateTokens(asked.at(-1) ?? neverAsked)).toBeLessThanOrEqual(6000 * 0.7)
  })

  test('and goes on doing so leaves the turn to the runbook, which says why', async () => {
    const model = scripted(...Array.from({ length: 20 }, () => tooLong))
    const { result, notices, asked, events } = await turnWith(model)
    expect(result).toMatchObject({ result: 'From the runbook.' })
    expect(notices).toMatchObject([{ level: 'crit', again: true }])
    expect(notices[0]?.text).toMatch(/too long for the model: .*refuses to read.*The runbook goes on\.$/)
    expect(asked.length).toBeLessThanOrEqual(3)
    expect(events.at(-1)).toMatchObject({ kind: 'turn_end', reason: 'done' })
  })
})

const neverAsked = { system: '', tools: [], messages: [] }

describe('instructions that fill the context', () => {
  test('leave the turn to the runbook at once: no model is asked, no summary paid', async () => {
    const model = steps(1, 60)
    const { result, notices } = await turnWith(model)
    expect(model.requests).toHaveLength(0)
    expect(result).toMatchObject({ result: 'From the runbook.' })
    expect(notices.map(({ text }) => text).join()).toMatch(
      /reads 60 \(context_tokens\).*instructions and tools alone/,
    )
  })

  test('are told once: the runbook has the rest of the turn', async () => {
    const runbook = scripted(call('probe'), say('Fine.'))
    const { result, notices, events } = await turnWith(steps(1, 60), runbook)
    expect(runbook.requests).toHaveLength(2)
    expect(notices).toHaveLength(1)
    expect(result).toMatchObject({ result: 'Fine.' })
    expect(events.filter(({ kind }) => kind === 'tool')).toHaveLength(1)
  })
})

test('a step that fails for another reason ends the turn with its sentence', async () => {
  const failing: Step = function* () {
    yield { type: 'failure', kind: 'network', message: 'No connection.' }
  }
  const { events } = await turnWith(scripted(failing))
  expect(events.slice(-2)).toMatchObject([{ kind: 'error', error: 'No connection.' }, { kind: 'turn_end' }])
})
