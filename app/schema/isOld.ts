import type { Host, Section } from './fleet.ts'

/** Polls may be late by as much before what they told counts as old. */
const graceS = 30

/** Whether a section that was read well was read too long ago to be live, whatever the host's status says. */
export function isOld({ age_s }: Pick<Section, 'age_s'>, { interval_s }: Pick<Host, 'interval_s'>): boolean {
  return age_s !== null && age_s > 3 * interval_s + graceS
}
