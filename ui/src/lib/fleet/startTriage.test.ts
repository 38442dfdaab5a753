import { expect, test, vi } from 'vitest'
import type { PresetSummary } from '#app/schema/api.ts'
import type { Failure } from '#ui/api/request.ts'
import { startTriage, type Presets } from './startTriage.ts'

const triage = { id: 'triage', targets: ['gpu1'] } as PresetSummary
const lost: Failure = { kind: 'offline', detail: 'The server cannot be reached.' }

function make(
  answers: { session?: Failure; prompt?: Failure } = {},
  value: PresetSummary[] | null = [triage],
) {
  const fail = (failure: Failure) => ({ ok: false, failure })
  const api = {
    createSession: vi.fn(async () =>
      answers.session ? fail(answers.session) : { ok: true, status: 201, value: { session_id: 's1' } },
    ),
    prompt: vi.fn(async () => (answers.prompt ? fail(answers.prompt) : { ok: true, status: 202, value: {} })),
  }
  const presets: Presets = { value, failure: null, load: vi.fn(async () => undefined) }
  // Only these two calls are made.
  const start = (given = presets) =>
    startTriage(api as unknown as Parameters<typeof startTriage>[0], 'gpu1', given)
  return { api, presets, start }
}

test('a session, and its triage in it', async () => {
  const { api, start } = make()
  expect(await start()).toEqual({ id: 's1', why: null })
  expect(api.prompt).toHaveBeenCalledWith('s1', { preset: 'triage' }, expect.stringMatching(/^[0-9a-f]{32}$/))
})

test('presets that are not known yet are read first', async () => {
  const { start } = make()
  const presets = {
    value: null as PresetSummary[] | null,
    failure: null,
    load: async () => void (presets.value = [triage]),
  }
  expect(await start(presets)).toEqual({ id: 's1', why: null })
})

test('presets that cannot be read are no target without presets, and no session is opened', async () => {
  const { api, start } = make()
  const unread = { value: null, failure: 'The store is away.', load: async () => undefined }
  expect(await start(unread)).toEqual({ id: null, why: 'Not started: The store is away.' })
  expect((await make({}, []).start()).why).toBe('Not started: no preset can run on gpu1.')
  expect(api.createSession).not.toHaveBeenCalled()
})

test('an answer that was lost says that nobody knows', async () => {
  expect(await make({ session: lost }).start()).toEqual({
    id: null,
    why: 'Nobody knows whether a session was opened: look at the sessions first. The server cannot be reached.',
  })
  expect(await make({ prompt: lost }).start()).toEqual({
    id: 's1',
    why: expect.stringContaining('Nobody knows whether its triage started'),
  })
})
