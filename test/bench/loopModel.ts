import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serveOperations } from './processes.ts'
import { monotonicMs } from './statistics.ts'

/** How many calls a turn makes before its closing words; below the turn's own limit of steps. */
const calls = 30
const gaps: number[] = []
let endedAt = 0

/** A model that answers at once: one call of the tool `noop` a step, then the words "Done.". */
const server = createServer((request, response) => {
  if (endedAt > 0) gaps.push(monotonicMs() - endedAt)
  endedAt = 0
  void (async () => {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString()) as { messages: Message[] }
    const results = body.messages.flatMap(({ content }) =>
      Array.isArray(content) ? content.filter(({ type }) => type === 'tool_result') : [],
    ).length
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(results < calls ? callOf(results) : words, () => {
      endedAt = results < calls ? monotonicMs() : 0
    })
  })()
})
interface Message {
  content: string | { type: string }[]
}
server.listen(0, '127.0.0.1')
await once(server, 'listening')

serveOperations({
  // A server that listens on a TCP port has such an address.
  url: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  /** Milliseconds between the last byte of an answer and the first of the next request, since the last time. */
  gaps: () => gaps.splice(0),
})

function events(...list: { type: string; [field: string]: unknown }[]): string {
  return list.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
}

function answer(block: object, delta: object, stop_reason: string): string {
  const usage = { input_tokens: 10, output_tokens: 10 }
  const message = { id: 'm', type: 'message', role: 'assistant', model: 'm', content: [], usage }
  return events(
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason }, usage },
    { type: 'message_stop' },
  )
}

function callOf(at: number): string {
  const block = { type: 'tool_use', id: `toolu_${at}`, name: 'noop', input: {} }
  return answer(block, { type: 'input_json_delta', partial_json: JSON.stringify({ at }) }, 'tool_use')
}
const words = answer({ type: 'text', text: '' }, { type: 'text_delta', text: 'Done.' }, 'end_turn')
