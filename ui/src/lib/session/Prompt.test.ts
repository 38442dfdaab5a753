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

test.each([
  [502, 'unreadable_answer'],
  [503, 'log_unavailable'],
  [504, 'unreadable_answer'],
  [500, 'internal'],
])(
  'after an answer of %i it is not known whether it arrived: the key survives a reload',
  async (status, code) => {
    send.mockResolvedValueOnce(refused(status, code)).mockResolvedValue(started)
    const prompt = new Prompt('s', api)
    prompt.text = 'why slow'
    await prompt.sendText()
    expect(prompt.refusal).toContain('starts nothing twice')
    const again = new Prompt('s', api)
    await again.sendText()
    await again.sendPreset('triage')
    again.text = 'why slow'
    await again.sendText()
    const [first, repeat, , fresh] = send.mock.calls.map(([, , key]) => key)
    expect(repeat).toBe(first)
    expect(fresh).not.toBe(first)
  },
)

test('a page that is lost while it sends repeats under the same key', () => {
  send.mockReturnValue(new Promise(() => undefined))
  const prompt = new Prompt('s', api)
  prompt.text = 'why slow'
  void prompt.sendText()
  void new Prompt('s', api).sendText()
  const [first, repeat] = send.mock.calls.map(([, , key]) => key)
  expect(repeat).toBe(first)
})

test('the same words much later are a new turn', async () => {
  send.mockResolvedValueOnce(offline).mockResolvedValue(started)
  const prompt = new Prompt('s', api)
  await prompt.sendPreset('triage')
  const now = Date.now()
  vi.spyOn(Date, 'now').mockReturnValue(now + 3_600_000)
  await prompt.sendPreset('triage')
  vi.restoreAllMocks()
  const [first, later] = send.mock.calls.map(([, , key]) => key)
  expect(later).not.toBe(first)
})

test("a proxy's 404 does not mean that the session is gone", async () => {
  const prompt = new Prompt('s', api)
  prompt.text = 'keep me'
  send.mockResolvedValue(refused(404, 'unreadable_answer'))
  await prompt.sendText()
  expect(prompt.missing).toBe(false)
  expect(prompt.text).toBe('keep me')
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
  send.mockResolvedValueOnce(offline).mockResolvedValue(started)
  await prompt.sendText()
  await prompt.sendText()
  expect(send.mock.calls[1]?.[2]).toBe(send.mock.calls[0]?.[2])
  expect(prompt.text).toBe('')
})
