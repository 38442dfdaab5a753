import type { PresetSummary } from '#app/schema/api.ts'
import type { Api } from '#ui/api/Api.ts'
import { randomHex } from '#ui/api/randomHex.ts'
import type { Failure } from '#ui/api/request.ts'
import { offeredPresets } from '#ui/session/offeredPresets.ts'

/** What the server offers, read when it is not known. */
export interface Presets {
  readonly value: PresetSummary[] | null
  readonly failure: string | null
  load: () => Promise<void>
}

/**
 * A new session on `target` with its first diagnosis under way; `why` says what of the two did not come to be, or that
 * nobody knows whether it did.
 */
export async function startTriage(
  api: Pick<Api, 'createSession' | 'prompt'>,
  target: string,
  presets: Presets,
): Promise<{ id: string | null; why: string | null }> {
  if (presets.value === null) await presets.load()
  if (presets.value === null)
    return { id: null, why: `Not started: ${presets.failure ?? 'no presets are known.'}` }
  const offered = offeredPresets(presets.value, target)
  const preset = offered.find((one) => one.id === 'triage') ?? offered[0]
  if (preset === undefined) return { id: null, why: `Not started: no preset can run on ${target}.` }
  const session = await api.createSession(target)
  if (!session.ok) return { id: null, why: refusal(session.failure, 'Not started.', 'a session was opened') }
  const id = session.value.session_id
  const prompt = await api.prompt(id, { preset: preset.id }, randomHex(16))
  return {
    id,
    why: prompt.ok ? null : refusal(prompt.failure, 'Its triage did not start.', 'its triage started'),
  }
}

function refusal(failure: Failure, not: string, whether: string): string {
  return failure.kind === 'offline'
    ? `Nobody knows whether ${whether}: look at the sessions first. ${failure.detail}`
    : `${not} ${failure.detail}`
}
