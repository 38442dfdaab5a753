import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LLMock, type ChatCompletionRequest, type Fixture, type FixtureResponse } from '@copilotkit/aimock'
import type { ModelSettings } from '#app/provider/ModelSettings.ts'
import { kindDefaults } from '#app/provider/models.ts'
import { passBent, type WireFault } from './passBent.ts'

export type Kind = ModelSettings['kind']

/** What the mock server says to one request, in whichever protocol it was asked. */
export type Said = {
  /** `{content}`, `{toolCalls: [{name, arguments: '{…}'}]}`, both, or `{error: {message}, status, retryAfter}`. */
  response: FixtureResponse
  /** The wire around it, which the mock cannot bend. */
  wire?: WireFault
} & Pick<
  Fixture,
  'latency' | 'chunkSize' | 'truncateAfterChunks' | 'disconnectAfterMs' | 'streamingProfile' | 'chaos'
>
type How = Omit<Said, 'response'>

/** Answers in OpenAI's form of the conversation, whichever protocol was asked. */
export type Decide = (conversation: ChatCompletionRequest) => FixtureResponse | Promise<FixtureResponse>

/** One request as it came over the wire. */
export interface ModelRequest {
  kind: Kind
  headers: IncomingMessage['headers']
  /** The parsed body, in its protocol's own form. */
  // Every test asks for something else of it.
  body: any
}

export interface ModelServer {
  /** What to put under `base_url:`, in `ANTHROPIC_BASE_URL` or in `OPENAI_BASE_URL`. */
  baseUrl(kind: Kind): string
  settings(kind: Kind, over?: Partial<ModelSettings>): ModelSettings
  /** Queues answers, one for each request to come, of either protocol. */
  say(...answers: Said[]): void
  /** Answers every request for which nothing is queued. */
  decide(answer: Decide): void
  /** All requests so far. */
  requests(): ModelRequest[]
  /** Waits until that many requests have come, all told. */
  requested(count: number): Promise<void>
  /** Waits until that many answers have been held by `holdAfter`, all told. */
  held(count: number): Promise<void>
  /** Lets all that is held go on. */
  release(): void
  /** Waits until that many askers have gone before the answer's end, all told. */
  abandoned(count: number): Promise<void>
  /** Breaks every connection, as a server that died. */
  cut(): void
  stop(): Promise<void>
}

export function sayText(content: string, how: How = {}): Said {
  return { response: { content }, ...how }
}

export function sayCalls(
  toolCalls: { name: string; input: unknown }[],
  how: How & { content?: string } = {},
): Said {
  const { content, ...rest } = how
  const made = toolCalls.map(({ name, input }) => ({ name, arguments: JSON.stringify(input) }))
  return { response: { toolCalls: made, ...(content !== undefined && { content }) }, ...rest }
}

export function sayError(
  status: number,
  message: string,
  {
    retryAfter,
    wire,
    ...fields
  }: { type?: string; code?: string; retryAfter?: number; wire?: WireFault } = {},
): Said {
  return {
    response: { error: { message, ...fields }, status, ...(retryAfter !== undefined && { retryAfter }) },
    ...(wire && { wire }),
  }
}

/** aimock, a third-party mock of both protocols, on loopback, behind a front that records and bends the wire. */
export async function modelServer(): Promise<ModelServer> {
  const mock = new LLMock({ port: 0, host: '127.0.0.1', logLevel: 'silent' })
  await mock.start()
  const queue: Said[] = []
  let decide: Decide = () => ({ error: { message: 'the test has nothing to say' }, status: 500 })
  const requests: ModelRequest[] = []
  const holding = new Set<() => void>()
  let held = 0
  let abandoned = 0
  const watchers = new Set<() => void>()
  const changed = (): void => {
    for (const look of watchers) look()
  }
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return
        watchers.delete(look)
        resolve()
      }
      watchers.add(look)
      look()
    })
  const hold = (answer: ServerResponse): Promise<void> =>
    new Promise((resolve) => {
      holding.add(resolve)
      answer.on('close', resolve)
      held++
      changed()
    })

  const serve = async (near: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const body = Buffer.concat(await near.toArray()).toString()
    const path = near.url ?? ''
    requests.push({
      kind: path.endsWith('/messages') ? 'anthropic' : 'openai',
      headers: near.headers,
      body: JSON.parse(body),
    })
    const context = `request-${requests.length}`
    const { wire = {}, ...said } = queue.shift() ?? { response: decide }
    mock.addFixture({ match: { context }, ...said })
    const far = httpRequest(`${mock.url}${path}`, {
      method: 'POST',
      headers: { ...near.headers, 'x-aimock-context': context },
    })
    far.on('error', () => answer.destroy())
    far.on('response', (come) => void passBent(come, answer, wire, () => hold(answer)))
    answer.on('close', () => {
      if (!answer.writableFinished) abandoned++
      far.destroy()
      changed()
    })
    far.end(body)
    changed()
  }
  const front = createServer((near, answer) => void serve(near, answer).catch(() => answer.destroy()))
  front.listen(0, '127.0.0.1')
  await once(front, 'listening')

  const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}` // a TCP server's
  const baseUrl = (kind: Kind): string => (kind === 'openai' ? `${url}/v1` : url)
  return {
    baseUrl,
    settings: (kind, over) => ({
      ...kindDefaults[kind],
      name: `test-${kind}`,
      kind,
      baseUrl: baseUrl(kind),
      apiKey: 'sk-test-0123456789abcdef',
      ...over,
    }),
    say: (...answers) => void queue.push(...answers),
    decide: (answer) => void (decide = answer),
    requests: () => [...requests],
    requested: (count) => until(() => requests.length >= count),
    held: (count) => until(() => held >= count),
    release() {
      for (const go of holding) go()
      holding.clear()
    },
    abandoned: (count) => until(() => abandoned >= count),
    cut: () => front.closeAllConnections(),
    async stop() {
      front.closeAllConnections()
      front.close()
      await mock.stop()
    },
  }
}
