import type { Leg } from '#app/schema/events.ts'
import type { ProbeOutput } from './Judgement.ts'
import { nameText } from './wording.ts'

/** Why a probe told nothing, as a clause: from its failed leg, else from what it said. */
export function whyNot({ failed_leg, exit_code, stderr, duration_ms }: ProbeOutput): string {
  if (failed_leg === 'timeout') return `no answer within ${Math.max(1, Math.round(duration_ms / 1000))} s`
  if (failed_leg !== undefined) return legText(failed_leg, stderr)
  const said = nameText(stderr.split('\n').find((line) => line.trim() !== '') ?? '', 120)
  const missing = /(?:^|[\s:])([\w.-]+): (?:command )?not found/.exec(said)?.[1]
  if (missing !== undefined) return `${missing} is not installed there`
  if (exit_code === 127) return 'the command for it is not installed there'
  if (/permission denied|not permitted|access denied/i.test(said)) return `the account may not (${said})`
  if (said !== '') return said
  const odd = exit_code !== 0 && exit_code !== null
  return odd ? `it ended with exit code ${exit_code}` : 'it answered nothing that is understood'
}

/** A failed leg as a clause about `who`, with what was said about it. */
export function legText(leg: Leg, said: string, who = 'it'): string {
  const detail = nameText(said, 200).replace(/\.$/, '')
  return detail === '' ? clause(leg, who) : `${clause(leg, who)} (${detail})`
}

function clause(leg: Leg, who: string): string {
  switch (leg) {
    case 'name':
      return `${who} could not be found by its name`
    case 'tcp':
      return `${who} accepted no connection`
    case 'host_key':
      return `${who} showed a host key that is not the pinned one`
    case 'auth':
      return `signing in to ${who} failed`
    case 'channel':
      return `${who} let us in but ran nothing`
    case 'command':
      return 'the command could not be run'
    case 'timeout':
      return `${who} did not answer in time`
    case 'lost':
      return `the connection to ${who} broke`
    case 'cancelled':
      return 'it was stopped'
  }
}
