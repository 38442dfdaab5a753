import type { ApprovalDecision } from '#app/schema/api.ts'
import type { Answer } from '#ui/api/request.ts'

/** What an operator can do from within a transcript. */
export interface SessionActs {
  /** Where the whole of a capped output can be read. */
  wholeOutput: (seq: number) => string
  decide: (approval: string, decision: ApprovalDecision, reason?: string) => Promise<Answer<unknown>>
  answer: (question: string, text: string) => Promise<Answer<unknown>>
}
