import type { PresetSummary } from '#app/schema/api.ts'

/** The presets that can run: on `target`, or while a session's target is not known yet ('') on any at all. */
export function offeredPresets(presets: PresetSummary[], target: string): PresetSummary[] {
  return presets.filter(({ targets }) => (target === '' ? targets.length > 0 : targets.includes(target)))
}
