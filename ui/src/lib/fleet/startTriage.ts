import type { PresetSummary } from '#app/schema/api.ts'
import type { Api } from '#ui/api/Api.ts'
import { randomHex } from '#ui/api/randomHex.ts'
import { offeredPresets } from '#ui/session/offeredPresets.ts'

/** A new session on `target` with its first diagnosis under way; `why` says what of the two did not come to be. */
export async function startTriage(
  api: Api,
  target: string,
  presets: PresetSummary[],
): Promise<{ id: string | null; why: string | null }> {
  const session = await api.createSession(target)
  if (!session.ok) return { id: null, why: session.failure.detail }
  const id = session.value.session_id
  const offered = offeredPresets(presets, target)
  const preset = offered.find((one) => one.id === 'triage') ?? offered[0]
  if (preset === undefined) return { id, why: `No preset can run on ${target}.` }
  const prompt = await api.prompt(id, { preset: preset.id }, randomHex(16))
  return { id, why: prompt.ok ? null : prompt.failure.detail }
}
