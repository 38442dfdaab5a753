import type { PowerResult } from '#app/schema/api.ts'
import type { Leg } from '#app/schema/events.ts'
import { legWord } from '#ui/text/legWord.ts'
import type { Shape } from '#ui/components/shape.ts'
import { duration } from '#ui/text/duration.ts'
import { verbFacts } from './verbs.ts'

/** An outcome as it was told, never better or worse: its shape, its word, and what the word means. */
export function describeOutcome(result: Pick<PowerResult, 'verb' | 'outcome' | 'failed_leg'>): {
  shape: Shape
  meaning: string
} {
  switch (result.outcome) {
    case 'done':
      return { shape: 'ok', meaning: 'The hypervisor did it and said so.' }
    case 'failed':
      return { shape: 'crit', meaning: 'It was tried and did not succeed.' }
    case 'refused':
      return { shape: 'warn', meaning: 'Nothing was run.' }
    case 'unknown':
      return { shape: 'unknown', meaning: unknownMeaning(result) }
  }
}

function unknownMeaning({ verb, failed_leg }: Pick<PowerResult, 'verb' | 'failed_leg'>): string {
  const lost = failed_leg === undefined ? '' : 'Contact was lost. '
  return verbFacts[verb].mutates
    ? `${lost}It may or may not have run. Look at the status before anything else.`
    : `${lost}There is no whole answer. It only looks: nothing was changed, and it can be asked again.`
}

/** What is known beside the outcome: "exit code 0 · 1.2 s", "no exit code · contact lost · 12 s". */
export function describeEnd(result: {
  exit_code: number | null
  duration_ms: number
  failed_leg?: Leg | undefined
}): string {
  const { exit_code, failed_leg, duration_ms } = result
  return [
    exit_code === null ? 'no exit code' : `exit code ${exit_code}`,
    ...(failed_leg === undefined ? [] : [legWord(failed_leg)]),
    duration(duration_ms),
  ].join(' · ')
}

/** Everything that the verb printed, as it stands. */
export function outputOf(result: PowerResult): string {
  return [result.stdout.trimEnd(), result.stderr.trimEnd()].filter((part) => part !== '').join('\n')
}
