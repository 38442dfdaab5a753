import type { SessionEventOf } from '#app/schema/events.ts'
import type { SessionStore } from '#app/session/SessionStore.ts'
import type { OutputDeps, OutputPiece } from '#app/tool/output.ts'
import type { Outputs } from './outputs.ts'
import { modelCallId } from './toMessages.ts'

/** Outputs of a session's calls by the ids that the model knows: what is kept whole, else what the event holds. */
export function sessionOutputs(store: SessionStore, outputs: Pick<Outputs, 'read'>): OutputDeps {
  const endsOf = async (sessionId: string): Promise<SessionEventOf<'tool_output'>[]> => {
    const { events } = await store.events(sessionId)
    return events.filter((event) => event.kind === 'tool_output')
  }
  return {
    calls: async (sessionId) => (await endsOf(sessionId)).map(({ call }) => modelCallId(call)),
    async read(sessionId, asked, from) {
      const end = (await endsOf(sessionId)).findLast(({ call }) => modelCallId(call) === asked)
      if (end === undefined) return null
      // One that was cut off by a crash and is short now may have left a long one behind.
      const capped = end.truncated || end.output_bytes !== undefined
      return capped ? await outputs.read(sessionId, end.call, from) : onePiece(`${end.stdout}${end.stderr}`)
    },
  }
}

async function* onePiece(text: string): AsyncIterable<OutputPiece> {
  yield { text, line: 0 }
}
