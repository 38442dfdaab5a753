import type { PowerResult } from '#app/schema/api.ts'
import type { Leg } from '#app/schema/events.ts'
import type { Shape } from '#ui/components/shape.ts'
import { sentence } from '#ui/power/sentence.ts'
import { verbFacts } from '#ui/power/verbs.ts'
import { readStatus } from './readStatus.ts'
import { duration } from '#ui/text/duration.ts'
import { legWord } from '#ui/text/legWord.ts'

type Told = Pick<PowerResult, 'verb' | 'outcome' | 'failed_leg'> & { exit_code?: number | null }

/** An outcome as it was told, never better or worse: its shape, its word, and what the word means. */
export function describeOutcome(result: Told): {
  shape: Shape
  meaning: string
} {
  switch (result.outcome) {
    case 'done':
      return {
        shape: 'ok',
        meaning: verbFacts[result.verb].mutates
          ? 'The hypervisor did it and said so.'
          : 'It only looked: nothing was changed.',
      }
    case 'failed':
      return {
        shape: 'crit',
        meaning:
          result.exit_code === 72
            ? 'It was powered off and did not start again: it is off.'
            : 'It was tried and did not succeed.',
      }
    case 'refused':
      return { shape: 'warn', meaning: 'Nothing was run.' }
    case 'unknown':
      return { shape: 'unknown', meaning: unknownMeaning(result) }
  }
}

function unknownMeaning({ verb, failed_leg }: Told): string {
  const lost = failed_leg === undefined ? '' : 'Contact was lost. '
  const open = failed_leg === undefined ? 'How it ended is not known.' : `${lost}It may or may not have run.`
  return verbFacts[verb].mutates
    ? `${open} Look at the status before anything else.`
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

/** The hypervisor's words for what it refused or could not do, where no sentence came with them. */
const reasonWords: Record<string, string> = {
  missing: 'The hypervisor has no such VM.',
  migrated: 'The VM is on another node.',
  locked: 'The VM is locked.',
  no_quorum: 'The cluster has no quorum.',
  pmxcfs: 'The cluster file system does not answer.',
  storage: 'A storage of its disks does not answer.',
  ha_error: 'HA holds it in error.',
  stuck: 'Its process hangs in the kernel: only its storage, or a reboot of the host, frees it.',
  sudo: 'The hypervisor does not let the request through: sudo.',
  config: 'The configuration on the hypervisor cannot be used.',
  state: 'The state folder on the hypervisor cannot be used.',
}

/** Why it ended so: the sentence that came with it, else what its word means; '' where there is neither. */
export function reasonOf(
  { outcome, reason, stderr }: Pick<PowerResult, 'outcome' | 'reason' | 'stderr'>,
  detail: string | undefined,
): string {
  const said = detail ?? (outcome === 'done' ? '' : plain(stderr.trimEnd().split('\n').at(-1) ?? ''))
  if (said !== '') return sentence(said)
  return reason === undefined ? '' : (reasonWords[reason] ?? sentence(`The hypervisor says: ${reason}`))
}

/** Everything that the verb printed, as it stands, but for the sentence that is told beside it. */
export function outputOf({ verb, stdout, stderr }: PowerResult, told = ''): string {
  const lines = stderr.trimEnd().split('\n')
  const errors = lines.filter((line) => plain(line) === '' || !told.includes(plain(line))).join('\n')
  const printed = verb === 'status' ? readStatus(stdout) : stdout
  return [printed.trimEnd(), errors.trimEnd()].filter((part) => part !== '').join('\n')
}

/** The host's scripts put their name before what they say themselves. */
function plain(line: string): string {
  return line.replace(/^breakglass: /, '')
}
