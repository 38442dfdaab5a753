import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createLogger } from '#app/logger.ts'
import { loggedProvider } from '#app/provider/loggedProvider.ts'
import type { Message, StepRequest } from '#app/provider/Provider.ts'
import { toOpenAi } from '#app/provider/toOpenAi.ts'
import { callsOf, collectStep, makeProvider, stepRequest, wordsOf } from '../fakes/collectStep.ts'
import {
  modelServer,
  sayCalls,
  sayError,
  sayText,
  type Kind,
  type ModelServer,
} from '../fakes/modelServer.ts'

let server: ModelServer
beforeEach(async () => {
  server = await modelServer()
})
afterEach(() => server.stop())

const kinds: Kind[] = ['anthropic', 'openai']
const step = (kind: Kind, over?: Partial<StepRequest>, settings?: Parameters<typeof makeProvider>[2]) =>
  collectStep(makeProvider(server, kind, settings), over)
const lastBody = () => server.requests().at(-1)?.body

describe.each(kinds)('%s', (kind) => {
  test('a conversation over several steps reaches the server well formed', async () => {
    server.say(
      sayCalls([
        { name: 'shell', input: { command: 'df' } },
        { name: 'shell', input: { command: 'free' } },
      ]),
      sayCalls([{ name: 'power', input: { verb: 'status' } }], { content: 'One more.' }),
      sayText('All is well.'),
    )
    const messages: Message[] = [{ role: 'user', text: 'What is wrong?' }]
    for (let round = 0; round < 3; round++) {
      const parts = await step(kind, { messages })
      const calls = callsOf(parts).map(({ call, name, input }) => ({ call, name, input }))
      messages.push({ role: 'assistant', text: wordsOf(parts), calls })
      for (const { call, name } of calls) {
        messages.push({ role: 'tool', call, name, text: `end of ${name}`, isError: name === 'power' })
      }
    }
    messages.push({ role: 'user', text: 'Thank you.' })
    server.say(sayText('At your service.'))
    await step(kind, { messages })
    const sent = lastBody().messages
    if (kind === 'anthropic') expectAnthropicRoles(sent)
    else expectOpenAiRoles(sent)
    expect(JSON.stringify(sent)).toContain('end of power')
  })

  test('a runbook’s call, and a tool that no server would name so, can be told of', async () => {
    server.say(sayText('I see.'))
    await step(kind, {
      messages: [
        { role: 'user', text: 'Look.' },
        { role: 'assistant', text: '', calls: [{ call: 't1.uptime', name: 'sh ell!', input: {} }] },
        { role: 'tool', call: 't1.uptime', name: 'sh ell!', text: '', isError: false },
      ],
    })
    const sent = JSON.stringify(lastBody().messages)
    expect(sent).not.toContain('t1.uptime')
    expect(sent).toContain('sh_ell_')
  })

  test('a model that must conclude is given no tools to use', async () => {
    server.say(sayText('So it is.'))
    await step(kind, {
      tools: [],
      messages: [
        { role: 'user', text: 'Look.' },
        { role: 'assistant', text: '', calls: [{ call: 'abcdefghi', name: 'shell', input: {} }] },
        { role: 'tool', call: 'abcdefghi', name: 'shell', text: 'ok', isError: false },
      ],
    })
    if (kind === 'anthropic') expect(lastBody()).toMatchObject({ tool_choice: { type: 'none' }, tools: [{}] })
    else expect(lastBody()).not.toHaveProperty('tools')
  })
})

test('anthropic: what does not change is marked for the cache, and what was read from it is counted', async () => {
  server.say(sayText('Yes.'))
  await step('anthropic', {
    messages: [
      { role: 'user', text: 'One.' },
      { role: 'assistant', text: 'Two.', calls: [{ call: 'abcdefghi', name: 'shell', input: {} }] },
      { role: 'tool', call: 'abcdefghi', name: 'shell', text: 'Three.', isError: false },
    ],
  })
  const mark = { cache_control: { type: 'ephemeral' } }
  const { system, tools, messages } = lastBody()
  expect(system).toEqual([{ type: 'text', text: 'You repair machines.', ...mark }])
  expect(tools.map((tool: object) => 'cache_control' in tool)).toEqual([false, true])
  expect(
    messages.map(({ content }: { content: object[] }) => 'cache_control' in (content.at(-1) ?? {})),
  ).toEqual([true, false, true])
  expect(JSON.stringify(lastBody()).match(/cache_control/g)).toHaveLength(4)
})

describe('openai: a server that refuses an option is asked without it, from then on', () => {
  test.each<[string, string, object]>([
    ["Unknown parameter: 'stream_options'", 'stream_options', {}],
    [
      "Function tools with reasoning_effort are not supported. Use /v1/responses or set reasoning_effort to 'none'.",
      'nothing',
      { reasoning_effort: 'none' },
    ],
    [
      "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      'max_tokens',
      { max_completion_tokens: 8192 },
    ],
  ])('%s', async (message, without, over) => {
    server.say(sayError(400, message), sayText('Yes.'), sayText('Yes.'))
    const local = makeProvider(server, 'openai')
    for (const asked of [2, 3]) {
      expect(wordsOf(await collectStep(local))).toBe('Yes.')
      expect(server.requests()).toHaveLength(asked)
      expect(lastBody()).toMatchObject(over)
      expect(lastBody()).not.toHaveProperty(without)
    }
  })

  test('one that refuses it twice has failed', async () => {
    const refusal = sayError(400, 'stream_options: extra fields not permitted')
    server.say(refusal, refusal)
    expect(await step('openai')).toMatchObject([{ type: 'failure', kind: 'invalid' }])
    expect(server.requests()).toHaveLength(2)
  })
})

test('openai: the limit has the name that the server knows', async () => {
  server.say(sayText('Yes.'))
  await step('openai')
  expect(lastBody()).toMatchObject({ max_tokens: 8192, stream_options: { include_usage: true } })
  expect(
    toOpenAi(stepRequest(), { ...server.settings('openai'), baseUrl: 'https://api.openai.com/v1' }),
  ).toMatchObject({
    max_completion_tokens: 8192,
  })
})

test('a call’s log lines have figures and names, and no content', async () => {
  server.say(sayCalls([{ name: 'shell', input: { command: 'cat /etc/motd' } }], { content: 'I look.' }))
  const lines: Record<string, unknown>[] = []
  const logger = await createLogger({ destination: { write: (line) => lines.push(JSON.parse(line)) } })
  await collectStep(loggedProvider(makeProvider(server, 'anthropic'), logger))
  expect(lines).toMatchObject([
    { provider: 'test-anthropic', session: 's1', turn: 't1', messages: 1, tools: 2 },
    {
      provider: 'test-anthropic',
      model: 'claude-sonnet-5-5',
      duration_ms: expect.any(Number),
      input_tokens: 0,
      output_tokens: 0,
      cached_tokens: 0,
      tool_calls: 1,
      finish: 'tools',
    },
  ])
  for (const content of ['motd', 'I look', 'What is wrong', 'sk-test']) {
    expect(JSON.stringify(lines)).not.toContain(content)
  }
})

/** Roles alternate; each call is answered in the very next message, results before words. */
function expectAnthropicRoles(
  sent: { role: string; content: { type: string; id?: string; tool_use_id?: string }[] }[],
) {
  for (const [index, { role, content }] of sent.entries()) {
    expect(role).toBe(index % 2 === 0 ? 'user' : 'assistant')
    const asked = content.flatMap(({ type, id }) => (type === 'tool_use' ? [id] : []))
    const answered = sent[index + 1]?.content.slice(0, asked.length).map((block) => block.tool_use_id)
    if (asked.length > 0) expect(answered).toEqual(asked)
  }
}

function expectOpenAiRoles(sent: { role: string; tool_calls?: { id: string }[]; tool_call_id?: string }[]) {
  expect(sent[0]?.role).toBe('system')
  for (const [index, { tool_calls: asked = [] }] of sent.entries()) {
    const answers = sent.slice(index + 1, index + 1 + asked.length)
    expect(answers.map(({ tool_call_id }) => tool_call_id)).toEqual(asked.map(({ id }) => id))
  }
  expect(sent.filter(({ role }) => role === 'tool')).toHaveLength(3)
}
