import type { EventLog, Position } from '#app/eventlog/EventLog.ts'
import { toJsonTexts } from '#app/eventlog/frame.ts'

/** With at most 1 MiB each, this is what DESIGN allows for all outputs together. */
const outputsKept = 250
const chunkChars = 128 * 1024
const streamOf = (sessionId: string, call: string): string => `output:${sessionId}.${call}`

export interface Outputs {
  keep: (sessionId: string, call: string, text: string) => Promise<void>
  /** The whole output, or null when none was kept. */
  read: (sessionId: string, call: string) => Promise<string | null>
}

/** Whole outputs of calls whose event was capped, each in a log stream of its own. */
export function createOutputs(log: EventLog): Outputs {
  return {
    async keep(sessionId: string, call: string, text: string): Promise<void> {
      let position: Position = { epoch: '', seq: 0 }
      for (let at = 0; at < text.length; at += chunkChars) {
        const chunk = { kind: 'chunk', text: text.slice(at, at + chunkChars) }
        const result = await log.append(streamOf(sessionId, call), position, [chunk])
        if (!result.ok) {
          // Begun before, by a process that died while it ran the same call.
          if (at > 0) return
          await log.remove(streamOf(sessionId, call))
          return await this.keep(sessionId, call, text)
        }
        position = { epoch: result.batch.epoch, seq: result.batch.last }
      }
      const old = (await log.streams('output:', outputsKept + 50)).slice(outputsKept)
      for (const { stream } of old) await log.remove(stream)
    },

    async read(sessionId: string, call: string): Promise<string | null> {
      const chunks: string[] = []
      for (let after = 0; ;) {
        const { batch, head } = await log.page(streamOf(sessionId, call), after, 100)
        if (batch === null) return chunks.length === 0 ? null : chunks.join('')
        // Written by `keep` alone.
        for (const text of toJsonTexts(batch.frames)) chunks.push((JSON.parse(text) as { text: string }).text)
        after = batch.last
        if (after >= head) return chunks.join('')
      }
    },
  }
}
