import type { Transcript } from './transcript.ts'
import { describeCost, describeTokens } from './usage.ts'

/**
 * Where a session works, what that has cost so far, and with which model. On a narrow screen the end is cut, so the
 * model's long name stands last.
 */
export function describeSession({ target, model, usage }: Transcript): string {
  const places = target === '' ? [] : [target]
  if (usage !== null)
    return [...places, describeCost(usage), describeTokens(usage), usage.models.at(-1) ?? model].join(' · ')
  return target === '' ? '' : `${target}, ${model === 'runbook' ? 'no model' : model}`
}
