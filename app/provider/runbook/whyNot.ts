import type { ProbeOutput } from './Judgement.ts'
import { nameText } from './wording.ts'

/** Why a probe told nothing, as a clause: from its failed leg, else from what it said. */
export function whyNot({ failed_leg, exit_code, stderr, duration_ms }: ProbeOutput): string {
  if (failed_leg === 'timeout') return `no answer within ${Math.max(1, Math.round(duration_ms / 1000))} s`
  if (failed_leg !== undefined) return legText(failed_leg, stderr)
  const said = nameText(stderr.split('\n').find((line) => line.trim() !== '') ?? '', 120)
  const missing = /(?:^|[\s:])([\w.-]+): (?:command )?not found/.exec(said)?.[1]
  if (missing !== undefined) return `${missing} is not installed there`
  if (/permission denied|not permitted|access denied/i.test(said)) return `the account may not: ${said}`
  if (said !== '') return said
  return exit_code === 0 || exit_code === null
    ? 'it answered nothing that is understood'
    : `it ended with exit code ${exit_code}`
}

/** A failed leg as a clause, with what was said about it. */
export function legText(leg: NonNullable<ProbeOutput['failed_leg']>, said: string): string {
  const detail = nameText(said, 200).replace(/\.$/, '')
  return detail === '' ? words[leg] : `${words[leg]} (${detail})`
}

const words = {
  name: 'its name could not be resolved',
  tcp: 'it accepted no connection',
  host_key: 'its host key is not the pinned one',
  auth: 'it refused the key',
  channel: 'it let us in but ran nothing',
  command: 'the command could not be run',
  timeout: 'it did not answer in time',
  lost: 'the connection broke',
  cancelled: 'it was stopped',
} satisfies Record<NonNullable<ProbeOutput['failed_leg']>, string>
