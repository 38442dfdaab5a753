import { beforeEach, expect, test, vi } from 'vitest'
import type { Api } from '#ui/api/Api.ts'
import type { Answer } from '#ui/api/request.ts'
import { Prompt } from './Prompt.svelte.ts'

const started: Answer<{ turn: string }> = { ok: true, value: { turn: 't' }, status: 202 }
const offline: Answer<never> = { ok: false, failure: { kind: 'offline', detail: 'No answer.' } }
const refused = (status: number, code: string): Answer<never> => ({
  ok: false,
  failure: { kind: 'refused', status, code, detail: 'No.', requestId: '', fields: {} },
})

const send = vi.fn<Api['prompt']>()
// Only what a prompt calls.
const api = { prompt: send, cancel: vi.fn() } as unknown as Api
const stored = new Map<string, string>()

beforeEach(() => {
  send.mockReset()
  stored.clear()
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  })
})

test('a draft is kept for its session until it is taken', async () => {
  new Prompt('s', api).text = 'why slow'
  expect(new Prompt('other', api).text).toBe('')
  const prompt = new Prompt('s', api)
  expect(prompt.text).toBe('why slow')
  send.mockResolvedValue(started)
  await prompt.sendText()
  expect(send.mock.lastCall?.slice(0, 2)).toEqual(['s', { prompt: 'why slow' }])
  expect(prompt.text).toBe('')
  expect(new Prompt('s', api).text).toBe('')
})

test('a refused send keeps the draft and says why', async () => {
  const prompt = new Prompt('s', api)
  prompt.text = 'hello'
  send.mockResolvedValue(refused(409, 'busy'))
  await prompt.sendText()
  expect(prompt.text).toBe('hello')
  expect(prompt.refusal).toContain('a turn is running already')
  prompt.text = 'hello you'
  expect(prompt.refusal).toBeNull()
})

test('what is typed while a send is under way stays', async () => {
  const prompt = new Prompt('s', api)
  prompt.text = 'first'
  send.mockImplementation(() => {
    prompt.text = 'second'
    return Promise.resolve(started)
  })
  await prompt.sendText()
  expect(prompt.text).toBe('second')
})

test('a lost send is repeated under its own key, another one under a new key', async () => {
  const prompt = new Prompt('s', api)
  send.mockResolvedValueOnce(offline).mockResolvedValue(started)
  await prompt.sendPreset('triage')
  await prompt.sendPreset('triage')
  await prompt.sendPreset('triage')
  const keys = send.mock.calls.map(([, , key]) => key)
  expect(keys[0]).toBe(keys[1])
  expect(keys[2]).not.toBe(keys[1])
})

test('two taps at once send once', async () => {
  const prompt = new Prompt('s', api)
  send.mockResolvedValue(started)
  await Promise.all([prompt.sendPreset('triage'), prompt.sendPreset('triage')])
  expect(send).toHaveBeenCalledOnce()
})

test('a session that is gone is told, and hands its draft on', async () => {
  const prompt = new Prompt('s', api)
  prompt.text = 'keep me'
  send.mockResolvedValue(refused(404, 'not_found'))
  await prompt.sendText()
  expect(prompt.missing).toBe(true)
  prompt.moveTo('fresh')
  expect(new Prompt('fresh', api).text).toBe('keep me')
  expect(new Prompt('s', api).text).toBe('')
})

test('a storage that throws changes nothing', async () => {
  const broken = (): never => {
    throw new Error('forbidden')
  }
  vi.stubGlobal('localStorage', { getItem: broken, setItem: broken, removeItem: broken })
  const prompt = new Prompt('s', api)
  prompt.text = 'hello'
  send.mockResolvedValue(started)
  await prompt.sendText()
  expect(prompt.text).toBe('')
})
