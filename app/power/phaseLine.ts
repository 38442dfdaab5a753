import { z } from 'zod'
import type { Operation } from '#app/schema/api.ts'

/** One step of an operation, and when it was entered by the hypervisor's clock. */
export type Phase = NonNullable<Operation['phases']>[number]

const line = /^@phase ([a-z][a-z_]{0,30}) (\S{1,40})\r?$/
const time = z.iso.datetime()

/** Reads `@phase stop 2026-11-27T03:00:00Z`; undefined for every other line. */
export function readPhaseLine(text: string): Phase | undefined {
  const [, phase, at] = line.exec(text) ?? []
  return phase !== undefined && time.safeParse(at).success && at !== undefined ? { phase, at } : undefined
}

/** The text without such lines. */
export function withoutPhases(text: string): string {
  if (!text.includes('@phase ')) return text
  return text
    .split('\n')
    .filter((one) => !readPhaseLine(one))
    .join('\n')
}

/** A step is entered once: told again, by a replay, it is the same one. */
export function addPhase(phases: Phase[] = [], entered: Phase): Phase[] {
  return phases.some(({ phase }) => phase === entered.phase) ? phases : [...phases, entered]
}
