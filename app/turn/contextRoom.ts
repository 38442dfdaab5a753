import type { StepRequest } from '#app/provider/Provider.ts'
import { maxOutputChars } from './toMessages.ts'

/** From this part of the model's context on, the conversation is made shorter before the next step. */
const compactAtPart = 0.7
/** How much of the room a shortened conversation may fill: the rest is for the steps before the next time. */
const compactToPart = 0.6
/** Rough and on the safe side: models differ, and logs are dense. */
const charsPerToken = 3
/** With less, in tokens, no work can be done. */
const minRoom = 2000
const minOutputChars = 300
const maxSummaryChars = 5000

/** How much of a model's context there is for a conversation, and for its parts. */
export interface ContextRoom {
  /** What a whole request may have, in tokens. */
  limit: number
  /** What it may have right after it was made shorter. */
  goal: number
  /** Instructions and tools, which stay. */
  fixed: number
  /** They leave too little for a conversation. */
  tooSmall: boolean
  outputChars: number
  summaryChars: number
  /** What is read to summarise it. */
  readChars: number
}

export function contextRoom(
  contextTokens: number,
  fixedParts: Pick<StepRequest, 'system' | 'tools'>,
): ContextRoom {
  const fixed = estimateTokens({ ...fixedParts, messages: [] })
  const limit = contextTokens * compactAtPart
  const room = Math.max(0, limit - fixed)
  const chars = room * charsPerToken
  return {
    limit,
    goal: fixed + room * compactToPart,
    fixed,
    tooSmall: room < minRoom,
    outputChars: Math.max(minOutputChars, Math.min(maxOutputChars, Math.floor(chars / 8))),
    summaryChars: Math.min(maxSummaryChars, Math.floor(chars / 5)),
    readChars: Math.min(120_000, Math.floor(limit * charsPerToken * 0.8)),
  }
}

export function estimateTokens({
  system,
  tools,
  messages,
}: Pick<StepRequest, 'system' | 'tools' | 'messages'>): number {
  const chars = messages.reduce(
    (sum, message) =>
      sum +
      message.text.length +
      (message.role === 'assistant' ? JSON.stringify(message.calls).length : 0) +
      20,
    system.length + (tools.length === 0 ? 0 : JSON.stringify(tools).length),
  )
  return Math.ceil(chars / charsPerToken)
}
