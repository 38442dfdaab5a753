import type { Part, Provider, StepRequest } from '#app/provider/Provider.ts'
import type { SessionDraft } from '#app/schema/events.ts'
import { coalesce } from './coalesce.ts'
import type { TurnLog } from './TurnLog.ts'
import { untilAborted } from './untilAborted.ts'

export type StepEnd = Extract<Part, { type: 'end' | 'failure' }>
export type Usage = Omit<Extract<Part, { type: 'usage' }>, 'type'>

/**
 * One step of the provider, written to the log as it comes: text coalesced and not awaited, calls recorded
 * together before any of them runs.
 */
export async function runStep(
  provider: Provider,
  turnLog: TurnLog,
  request: StepRequest,
  onUsage: (usage: Usage) => void,
): Promise<StepEnd> {
  const { turn } = request
  const calls: SessionDraft[] = []
  const text = coalesce((piece) => turnLog.say({ kind: 'text', turn, text: piece }))
  const sayAfterText = (draft: SessionDraft): void => {
    text.flush()
    turnLog.say(draft)
  }
  try {
    for await (const part of provider.step(request)) {
      // What was used counts, whatever becomes of the turn.
      if (part.type !== 'usage') request.signal.throwIfAborted()
      switch (part.type) {
        case 'text':
          text.push(part.text)
          break
        case 'tool': {
          const { type, ...call } = part
          calls.push({ kind: type, turn, ...call })
          break
        }
        case 'usage': {
          const { type, ...usage } = part
          sayAfterText({ kind: type, turn, ...usage })
          onUsage(usage)
          break
        }
        case 'finding':
        case 'notice': {
          const { type, ...fields } = part
          // The part's fields are the event's: Provider.ts takes them from the event's schema.
          sayAfterText({ kind: type, turn, ...fields } as SessionDraft)
          break
        }
        case 'end':
          text.flush()
          if (calls.length > 0) await untilAborted(turnLog.record(...calls), request.signal)
          return part
        case 'failure':
          return part
      }
    }
    return { type: 'failure', kind: 'invalid', message: `${provider.name} stopped without an end.` }
  } finally {
    text.flush()
  }
}
