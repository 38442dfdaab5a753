import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBreakglass, until, type Breakglass } from '../fakes/breakglass.ts'

let server: Breakglass
beforeAll(async () => {
  server = await startBreakglass()
})
afterAll(() => server.stop())

const begin = async (body: unknown = {}): Promise<string> =>
  (await server.api('POST', '/api/session', body)).json.session_id
const events = async (id: string): Promise<{ kind: string; id: number }[]> =>
  (await server.api('GET', `/api/session/${id}/events?limit=5000`)).json.events

describe('sessions', () => {
  test('a session begins idle and stands in the list', async () => {
    const id = await begin()
    const one = await server.api('GET', `/api/session/${id}`)
    expect(one.json).toMatchObject({
      session_id: id,
      state: 'idle',
      title: 'New session',
      target: 'local',
      head: 1,
    })
    const list = await server.api('GET', '/api/sessions')
    expect(list.json.map((session: { session_id: string }) => session.session_id)).toContain(id)
  })

  test('a prompt with wait answers 200 with the result when the turn ends in time', async () => {
    const id = await begin()
    const answer = await server.api('POST', `/api/session/${id}/prompt?wait=25`, { preset: 'triage' })
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({ status: 'ended', result: expect.stringMatching(/\w/) })
    const all = await events(id)
    expect(all.map((event) => event.id)).toEqual(all.map((_, index) => index + 1))
    expect(all.at(-1)?.kind).toBe('turn_end')
    expect(all.at(-2)?.kind).toBe('result')
    expect(answer.json.head).toBe(all.length)
  })

  test('a second prompt while running answers 409 busy, and nothing of it stands in the log', async () => {
    const id = await begin()
    const answers = await Promise.all(
      ['one', 'two'].map(() => server.api('POST', `/api/session/${id}/prompt`, { preset: 'triage' })),
    )
    expect(answers.map((answer) => answer.status).sort()).toEqual([202, 409])
    expect(answers.find((answer) => answer.status === 409)?.json).toMatchObject({ code: 'busy' })
    await until('the turn ends', async () => (await events(id)).at(-1)?.kind === 'turn_end')
    expect((await events(id)).filter((event) => event.kind === 'user')).toHaveLength(1)
  })

  test('the same idempotency key starts one turn and is answered alike', async () => {
    const id = await begin()
    const send = () =>
      server.api('POST', `/api/session/${id}/prompt`, { preset: 'disk' }, { 'idempotency-key': 'k1' })
    const answers = await Promise.all([send(), send(), send()])
    expect(answers.map((answer) => answer.status)).toEqual([202, 202, 202])
    expect(new Set(answers.map((answer) => answer.json.turn)).size).toBe(1)
    await until('the turn ends', async () => (await events(id)).at(-1)?.kind === 'turn_end')
    expect((await send()).json.turn).toBe(answers[0]?.json.turn)
    expect((await events(id)).filter((event) => event.kind === 'user')).toHaveLength(1)
  })

  test('a stop ends the turn, and no tool starts after it', async () => {
    const id = await begin()
    await server.api('POST', `/api/session/${id}/prompt`, { preset: 'triage' })
    await until('a tool runs', async () => (await events(id)).some((event) => event.kind === 'tool'))
    expect((await server.api('POST', `/api/session/${id}/cancel`)).json).toEqual({ cancelled: true })
    const all = await until('the turn ends', async () => {
      const now = await events(id)
      return now.at(-1)?.kind === 'turn_end' && now
    })
    const kinds = all.map((event) => event.kind)
    expect(all.at(-1)).toMatchObject({ reason: 'cancelled' })
    expect(kinds.slice(kinds.indexOf('cancelled'))).not.toContain('tool')
    const calls = all.filter((event) => event.kind === 'tool').length
    expect(all.filter((event) => event.kind === 'tool_output')).toHaveLength(calls)
    expect((await server.api('POST', `/api/session/${id}/cancel`)).json).toEqual({ cancelled: false })
  })

  test('a stop within the instant of the start counts too', async () => {
    const id = await begin()
    const prompt = server.api('POST', `/api/session/${id}/prompt`, { preset: 'triage' })
    const stop = await until('the stop is taken', async () => {
      const answer = await server.api('POST', `/api/session/${id}/cancel`)
      return answer.json.cancelled === true && answer
    })
    expect(stop.status).toBe(200)
    expect((await prompt).status).toBe(202)
    const all = await until('the turn ends', async () => {
      const now = await events(id)
      return now.at(-1)?.kind === 'turn_end' && now
    })
    expect(all.at(-1)).toMatchObject({ reason: 'cancelled' })
    expect(all.filter((event) => event.kind === 'turn_end')).toHaveLength(1)
  })

  test('an empty idempotency key is none, and one that is too long is refused', async () => {
    const id = await begin()
    const send = (preset: string, key: string) =>
      server.api('POST', `/api/session/${id}/prompt?wait=25`, { preset }, { 'idempotency-key': key })
    const [first, second] = [await send('disk', ''), await send('services', '')]
    expect(second.json.turn).not.toBe(first.json.turn)
    expect((await send('disk', 'k'.repeat(201))).status).toBe(400)
  })

  test('the list can be walked page by page and loses nobody', async () => {
    const ids = new Set<string>()
    for (let count = 0; count < 7; count++) ids.add(await begin())
    const walked: string[] = []
    for (let after = ''; ;) {
      const page = (await server.api('GET', `/api/sessions?limit=3${after && `&after=${after}`}`)).json
      if (page.length === 0) break
      walked.push(...page.map((session: { session_id: string }) => session.session_id))
      after = page.at(-1).updated
    }
    expect(new Set(walked).size).toBe(walked.length)
    expect(walked).toEqual(expect.arrayContaining([...ids]))
  })

  test('a free prompt is answered without a model, never by an error', async () => {
    const id = await begin()
    for (const prompt of ['is the disk full?', 'sing me a song']) {
      const answer = await server.api('POST', `/api/session/${id}/prompt?wait=25`, { prompt })
      expect(answer.json).toMatchObject({ status: 'ended', result: expect.stringMatching(/\w/) })
    }
    expect((await events(id)).map((event) => event.kind)).not.toContain('error')
  })

  test('the title comes from the first prompt and is found by q', async () => {
    const id = await begin()
    await server.api('POST', `/api/session/${id}/prompt?wait=25`, { prompt: 'Zebra memory?' })
    const found = await server.api('GET', '/api/sessions?q=zebra')
    expect(found.json).toMatchObject([{ session_id: id, title: 'Zebra memory?' }])
    expect((await server.api('GET', '/api/sessions?q=no-such-words')).text).toBe('[]')
  })

  test('an archived session leaves the list, is still readable and takes no prompt', async () => {
    const id = await begin()
    expect((await server.api('DELETE', `/api/session/${id}`)).status).toBe(200)
    expect((await server.api('DELETE', `/api/session/${id}`)).status).toBe(200)
    expect((await server.api('GET', `/api/session/${id}`)).json.state).toBe('archived')
    expect((await server.api('GET', '/api/sessions')).text).not.toContain(id)
    expect((await server.api('GET', '/api/sessions?archived=true')).text).toContain(id)
    const refused = await server.api('POST', `/api/session/${id}/prompt`, { prompt: 'hi' })
    expect([refused.status, refused.json.code]).toEqual([409, 'archived'])
  })

  test('the transcript can be taken away as Markdown and as JSON', async () => {
    const id = await begin()
    await server.api('POST', `/api/session/${id}/prompt?wait=25`, { preset: 'disk' })
    const markdown = await server.api('GET', `/api/session/${id}/export?format=md`)
    expect(markdown.headers.get('content-disposition')).toContain(`breakglass-${id}.md`)
    expect(markdown.text).toMatch(/^# Disk\n/)
    expect(markdown.text).toContain('$ ')
    const json = await server.api('GET', `/api/session/${id}/export?format=json`)
    expect(json.json).toEqual((await events(id)).filter(({ kind }: { kind: string }) => kind !== 'progress'))
  })

  test('pages of events can be walked by seq and by epoch.seq', async () => {
    const id = await begin()
    await server.api('POST', `/api/session/${id}/prompt?wait=25`, { preset: 'disk' })
    const all = await server.api('GET', `/api/session/${id}/events`)
    const first = await server.api('GET', `/api/session/${id}/events?after=0&limit=2`)
    const rest = await server.api('GET', `/api/session/${id}/events?after=${first.json.epoch}.2`)
    expect(first.json.events).toHaveLength(2)
    expect([...first.json.events, ...rest.json.events]).toEqual(all.json.events)
  })

  test('long-poll answers as soon as there is something', async () => {
    const id = await begin()
    const waiting = server.api('GET', `/api/session/${id}/events?after=1&wait=25`)
    await server.api('POST', `/api/session/${id}/prompt`, { prompt: 'hello' })
    expect((await waiting).json.events[0]).toMatchObject({ id: 2, kind: 'user', text: 'hello' })
  })

  const nothing = 'ffffffffffffffff'
  test.each([
    ['GET', `/api/session/${nothing}`],
    ['GET', `/api/session/${nothing}/events`],
    ['GET', `/api/session/${nothing}/stream`],
    ['GET', `/api/session/${nothing}/export`],
    ['GET', `/api/session/${nothing}/output/1`],
    ['POST', `/api/session/${nothing}/prompt`],
    ['POST', `/api/session/${nothing}/cancel`],
    ['DELETE', `/api/session/${nothing}`],
    ['GET', '/api/session/%2e%2e%2f..'],
    ['GET', '/api/session/a:b*c'],
  ])('%s %s of an unknown session answers 404 in our shape', async (method, path) => {
    const answer = await server.api(method, path, method === 'POST' ? { prompt: 'x' } : undefined)
    expect([answer.status, answer.json.code]).toEqual([404, 'not_found'])
  })

  test.each([
    ['an unknown preset', { preset: 'nope' }, 'triage'],
    ['an unknown target', { prompt: 'x', target: 'nope' }, 'local'],
    ['an unknown model', { prompt: 'x', model: 'nope' }, 'runbook'],
    ['nothing at all', {}, 'both are missing'],
    ['only blanks', { prompt: '  \n ' }, 'both are missing'],
    ['a number', { prompt: 7 }, 'prompt'],
    ['words beyond the limit', { prompt: 'x'.repeat(100_001) }, 'prompt'],
  ])(
    'a prompt with %s answers 400 and says what is allowed, before any session is looked for',
    async (_, body, allowed) => {
      const nobody = await server.api('POST', `/api/session/${nothing}/prompt`, body)
      expect(nobody.status).toBe(400)
      const answer = await server.api('POST', `/api/session/${await begin()}/prompt`, body)
      expect([answer.status, answer.json.code]).toEqual([400, 'bad_request'])
      expect(answer.json.detail).toContain(allowed)
    },
  )

  test('presets, providers and targets are told', async () => {
    const presets = await server.api('GET', '/api/presets')
    expect(presets.json.map((preset: { label: string }) => preset.label)).toEqual([
      'Triage',
      'Memory / OOM',
      'Disk',
      'Services',
      'QEMU wedged',
    ])
    expect((await server.api('GET', '/api/providers')).json).toEqual([
      { name: 'runbook', kind: 'runbook', model: 'runbook', state: 'ready' },
    ])
    expect((await server.api('GET', '/api/targets')).json).toEqual([{ target: 'local', default: true }])
  })
})
