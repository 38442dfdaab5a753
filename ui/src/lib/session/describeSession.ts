import type { Transcript } from './transcript.ts'
import { describeCost, describeTokens } from './usage.ts'

export interface SessionFacts {
  /** Where it works and who answers: shown on every screen. */
  place: string
  /** The model, what was used and what that cost, where there is room; '' before a model was asked. */
  detail: string
}

export function describeSession({ target, model, usage }: Transcript): SessionFacts {
  const [provider = '', id = ''] = usage?.models.at(-1)?.split(' · ', 2) ?? []
  const answers = usage === null ? (model === 'runbook' ? 'no model' : model) : provider
  return {
    place: target === '' ? '' : `${target} · ${answers}`,
    detail: usage === null ? '' : [id, describeTokens(usage), describeCost(usage)].join(' · '),
  }
}
